/* Pieces of a page in HTML. */
#ifndef PD_SERVE_HTML_H
#define PD_SERVE_HTML_H

#include "base/buffer.h"

#include <jansson.h>

void pd_html(struct pd_buffer *out, const char *markup);
void pd_html_text(struct pd_buffer *out, const char *words); /* whatever they are, they are shown */
void pd_html_tag(struct pd_buffer *out, const char *name, const char *words); /* name: with its attributes */

/* Objects of like keys; a column for each that has something to tell. Lists and objects in them do not. */
void pd_html_table(struct pd_buffer *out, const char *caption, const json_t *lines);

#endif
