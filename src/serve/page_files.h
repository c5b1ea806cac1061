/* The files of src/serve/page/ as they were when the program was built: cmake/embed_pages.cmake writes them
 * down. */
#ifndef PD_SERVE_PAGE_FILES_H
#define PD_SERVE_PAGE_FILES_H

#include <stddef.h>

struct pd_page_file {
    const char *name; /* "label.html" */
    const unsigned char *text;
    size_t size;
};

extern const struct pd_page_file pd_page_files[]; /* (count), by name */
extern const size_t pd_page_file_count;

#endif
