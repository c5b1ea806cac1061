#include "serve/html.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void pd_html_text(struct pd_buffer *out, const char *words)
{
    for (; *words; words++) {
        const char *entity = *words == '<'   ? "&lt;"
                             : *words == '>' ? "&gt;"
                             : *words == '&' ? "&amp;"
                             : *words == '"' ? "&quot;"
                                             : NULL;
        if (entity)
            pd_buffer_append(out, entity, strlen(entity));
        else
            pd_buffer_append(out, words, 1);
    }
}

void pd_html(struct pd_buffer *out, const char *markup)
{
    pd_buffer_append(out, markup, strlen(markup));
}

void pd_html_tag(struct pd_buffer *out, const char *name, const char *words)
{
    pd_buffer_printf(out, "<%s>", name);
    pd_html_text(out, words);
    pd_buffer_printf(out, "</%.*s>", (int)strcspn(name, " "), name);
}

static void cell(struct pd_buffer *out, const json_t *value)
{
    char number[64];
    if (json_is_integer(value))
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, sizeof number, "%.10g", json_real_value(value));
    else
        snprintf(number, sizeof number, "%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "");
    pd_html_tag(out, "td", json_is_string(value) ? json_string_value(value) : number);
}

void pd_html_table(struct pd_buffer *out, const char *caption, const json_t *lines)
{
    json_t *keys = json_object(), *value, *line;
    const char *key;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)lines, i, line) json_object_foreach(
        line, key, value) if (!json_is_object(value) && !json_is_array(value) && !json_is_null(value))
        json_object_set_new(keys, key, json_true());
    pd_html(out, "<div class=\"wide\"><table>");
    pd_html_tag(out, "caption", caption);
    pd_html(out, "<thead><tr>");
    json_object_foreach(keys, key, value) pd_html_tag(out, "th scope=\"col\"", key);
    pd_html(out, "</tr></thead><tbody>\n");
    json_array_foreach((json_t *)(uintptr_t)lines, i, line)
    {
        pd_html(out, "<tr>");
        json_object_foreach(keys, key, value) cell(out, json_object_get(line, key));
        pd_html(out, "</tr>\n");
    }
    pd_html(out, "</tbody></table></div>\n");
    json_decref(keys);
}
