/* Pages in a browser, served by the process itself: on one people answer what an active run asks, on the
 * other they watch runs. Needs libmicrohttpd and SQLite (libraries.h: pd_library_need).
 *
 * Nothing is answered without the token of an address; a page of another host gets nothing either. Answers
 * stand in RUN/page.db, each on disk before the page says so. */
#ifndef PAYDIRT_PAGE_H
#define PAYDIRT_PAGE_H

#include <paydirt/active.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- the server --- */

/* Zeroed: this machine alone, port 8765 or, where that is taken, any. */
struct pd_page_place {
    const char *listen;            /* an address of this machine; NULL: 127.0.0.1 */
    int port;                      /* 0: as above; no other is tried in its place */
    const char *certificate, *key; /* of TLS, files in PEM; NULL: none */
    bool insecure; /* elsewhere than on this machine without TLS: everybody between reads along */
};

struct pd_page;

/* PD_ERR_USAGE: not this machine alone, and neither TLS nor insecure; PD_ERR_IO: the port is taken;
 * PD_ERR_FORMAT: no certificate; PD_ERR_UNSUPPORTED: built without libmicrohttpd; PD_ERR_MEMORY. */
enum pd_status pd_page_open(const struct pd_page_place *place, struct pd_page **out, struct pd_error *err);
void pd_page_close(struct pd_page *page); /* also NULL */

/* "http://127.0.0.1:8765/?token=…": for those who answer, or who may only watch. Borrowed. */
const char *pd_page_address(const struct pd_page *page);
const char *pd_page_watch_address(const struct pd_page *page);

/* --- answering --- */

struct pd_page_count {
    int64_t asked;    /* images that the run asks about now */
    int64_t done;     /* of these, with an answer, skips included */
    int64_t disputed; /* on which people disagree */
};

/* Shows what the active run in that folder asks; again after each round. people: how many must answer each
 * image, from now on; 0: as many as before, at first 1. watch: of opening the data, and borrowed until the
 * next call: its note hears what cannot be read while pd_page_wait goes on; or NULL. PD_ERR_USAGE:
 * not such a run, or the data's own labels answer there; PD_ERR_IO: another process serves its page;
 * PD_ERR_FORMAT: page.db or queries.csv is damaged; those of opening the data. */
enum pd_status pd_page_ask(struct pd_page *page, const char *run, int people,
                           const struct pd_active_watch *watch, struct pd_error *err);

/* What goes on while there is nothing to answer: a line at the top of the page. busy: it is not waited for
 * people. */
void pd_page_tell(struct pd_page *page, bool busy, const char *words);

/* Until somebody presses "go on" (PD_OK) or stop says so, which is asked some times a second
 * (PD_ERR_INTERRUPTED). What the run asks anew meanwhile is shown; where that cannot be read, as its data are
 * away, what was asked before stays, and it is read again. */
enum pd_status pd_page_wait(struct pd_page *page, bool (*stop)(void *context), void *context,
                            struct pd_page_count *count, struct pd_error *err);

/* --- watching --- */

/* Shows runs of training and of active learning, which other processes may be writing: losses, metrics,
 * sample grids, label-efficiency curves, the machine, the time left. Of a page that also asks, it is what the
 * address shows that may only watch. PD_ERR_USAGE, PD_ERR_IO: not a run. */
enum pd_status pd_page_watch(struct pd_page *page, char *const *runs, int count, struct pd_error *err);

/* --- what was answered --- */

/* Writes what pd_active_resume then takes, as it takes any file of answers: RUN/page.csv, and
 * RUN/page.correct.csv of answers that were changed on the page after the run had them. Does nothing where
 * there is no page.db. more: classes that others are about to add (pd_active_news), or NULL; add_class: those
 * that the page adds, with commas between, "" for none. PD_ERR_USAGE: the page has one of more, or calls
 * another so. */
struct pd_page_handed {
    int64_t answers, corrections;
    int64_t waiting;    /* images that too few people have answered */
    int64_t disputed;   /* and that they disagree on; not handed over, either */
    int64_t taken_back; /* on the page, after the run had them: they stay in the run */
    char add_class[4096];
};
enum pd_status pd_page_hand_over(const char *run, const char *more, struct pd_page_handed *out,
                                 struct pd_error *err);

/* The same counts and classes, and no file is written. */
enum pd_status pd_page_look(const char *run, struct pd_page_handed *out, struct pd_error *err);

/* All answers of the page and the run, in a form for others: "csv", "label-studio", "coco", or "folders", a
 * folder with a folder of copies for each class. path: of the file or new folder. PD_ERR_USAGE: another
 * format; PD_ERR_MISMATCH: nothing is answered; PD_ERR_IO. */
struct pd_page_exported {
    int64_t images;
    int64_t waiting, disputed; /* left out: as in struct pd_page_handed */
    char note[PD_NOTE_SIZE];   /* lines (pd_dataset_note): folders that are not called as their classes */
};
enum pd_status pd_page_export(const char *run, const char *format, const char *path,
                              struct pd_page_exported *out, struct pd_error *err);

/* --- a report --- */

/* One HTML file of runs, all of training or all of active learning, that needs nothing else: what was run,
 * curves, pictures, queries by round, and the results of pd_studies_json against the baseline. PD_ERR_USAGE,
 * PD_ERR_IO: not a run; PD_ERR_UNSUPPORTED: built without cairo; PD_ERR_MEMORY. */
enum pd_status pd_report_write(char *const *runs, int count, const char *baseline, const char *path,
                               struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
