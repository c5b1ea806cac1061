/* What commands that serve a page have in common. */
#ifndef PD_CLI_PAGE_H
#define PD_CLI_PAGE_H

#include <paydirt/option.h>
#include <paydirt/page.h>

#include <stdbool.h>

struct page_options {
    char listen[64], certificate[1024], key[1024];
    int64_t port, people;
    bool insecure, browser;
};
#define PAGE_DEFAULTS                                                                                        \
    {                                                                                                        \
        .browser = true                                                                                      \
    }

/* Lines of a table of options, for a struct with a member `page`. */
#define PAGE_PLACE_OPTIONS(FIELD)                                                                            \
    {"port",                                                                                                 \
     PD_OPTION_INT,                                                                                          \
     FIELD(page.port),                                                                                       \
     0,                                                                                                      \
     65535,                                                                                                  \
     "N",                                                                                                    \
     "of the page; 0: 8765, or where that is taken any"},                                                    \
        {"listen",                                                                                           \
         PD_OPTION_TEXT,                                                                                     \
         FIELD(page.listen),                                                                                 \
         0,                                                                                                  \
         0,                                                                                                  \
         "ADDRESS",                                                                                          \
         "serve the page to others, too, at this address of the machine (0.0.0.0: all of them)"},            \
        {"certificate", PD_OPTION_TEXT, FIELD(page.certificate), 0, 0, "FILE", "TLS for the page, in PEM"},  \
        {"key", PD_OPTION_TEXT, FIELD(page.key), 0, 0, "FILE", "the certificate's key, in PEM"},             \
        {"insecure",                                                                                         \
         PD_OPTION_BOOL,                                                                                     \
         FIELD(page.insecure),                                                                               \
         0,                                                                                                  \
         1,                                                                                                  \
         NULL,                                                                                               \
         "with --listen: without TLS, so that everybody between reads along"},                               \
        {"browser", PD_OPTION_BOOL, FIELD(page.browser), 0, 1, NULL, "do not open a browser"},
#define PAGE_OPTIONS(FIELD)                                                                                  \
    PAGE_PLACE_OPTIONS(FIELD){                                                                               \
        "people",                                                                                            \
        PD_OPTION_INT,                                                                                       \
        FIELD(page.people),                                                                                  \
        0,                                                                                                   \
        64,                                                                                                  \
        "N",                                                                                                 \
        "people who must answer each image on the page; 0: as many as before, at first 1"},

/* Serves; says where. watching: the address that may only look is the one for people. */
enum pd_status page_open(const struct page_options *o, struct pd_page **page, struct pd_error *err);
/* Prints the address, and opens it in the browser where there is a screen. */
void page_show(const struct page_options *o, const struct pd_page *page, bool watching);

#endif
