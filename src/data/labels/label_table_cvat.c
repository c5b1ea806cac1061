/* CVAT's XML ("CVAT for images 1.1"): <image name="…"> with one <tag label="…"> in it. */
#include "data/labels/label_table_formats.h"

#include "base/library.h"
#include "base/mem.h"
#include "io/file.h"

#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct parse {
    const struct pd_label_parse *p;
    XML_Parser parser;
    char *image, *label, *split; /* of the current image, or NULL */
    bool several, is_cvat, oom;
    int64_t row;
};

static const char *attribute(const char **pairs, const char *name)
{
    for (; *pairs; pairs += 2)
        if (!strcmp(pairs[0], name))
            return pairs[1];
    return NULL;
}

static void put(struct parse *x, char **to, const char *text)
{
    pd_free(*to);
    *to = text ? pd_strdup(text) : NULL;
    x->oom = x->oom || (text && !*to);
}

static void begin(void *context, const char *element, const char **attributes)
{
    struct parse *x = context;
    const char *label = attribute(attributes, "label"), *subset = attribute(attributes, "subset");
    x->is_cvat = x->is_cvat || !strcmp(element, "annotations");
    if (!strcmp(element, "image")) {
        put(x, &x->image, attribute(attributes, "name"));
        put(x, &x->split, subset && pd_label_names_split(subset) ? subset : NULL);
        put(x, &x->label, NULL);
        x->several = false;
        x->row++;
    } else if (x->image && !strcmp(element, "tag") && label) {
        x->several = x->several || (x->label && strcmp(x->label, label) != 0);
        put(x, &x->label, label);
    }
}

static void end(void *context, const char *element)
{
    struct parse *x = context;
    if (strcmp(element, "image") != 0 || !x->image)
        return;
    struct pd_label_table *t = x->p->out;
    t->several += x->several;
    x->oom = x->oom || !pd_label_add(t, x->image, x->several || !x->label ? "" : x->label,
                                     x->split ? x->split : "", x->row);
    put(x, &x->image, NULL);
}

/* Entities of a file's own may grow without bound; no export has any. */
static void refuse_entities(void *context, const XML_Char *name, int is_parameter, const XML_Char *value,
                            int length, const XML_Char *base, const XML_Char *system, const XML_Char *public,
                            const XML_Char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)length, (void)base, (void)system, (void)public,
        (void)notation;
    XML_StopParser(((struct parse *)context)->parser, XML_FALSE);
}

static enum pd_status run(struct parse *x)
{
    const struct pd_label_parse *p = x->p;
    XML_Parser parser = x->parser;
    XML_SetUserData(parser, x);
    XML_SetElementHandler(parser, begin, end);
    XML_SetEntityDeclHandler(parser, refuse_entities);
    const bool good = p->size <= INT_MAX && XML_Parse(parser, p->text, (int)p->size, 1) == XML_STATUS_OK;
    if (x->oom || XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY)
        return pd_fail_memory(p->err, p->name);
    if (!good)
        return pd_fail(p->err, PD_ERR_FORMAT, -1, "%s: line %lu: %s", p->name,
                       (unsigned long)XML_GetCurrentLineNumber(parser),
                       XML_ErrorString(XML_GetErrorCode(parser)));
    if (!x->is_cvat)
        return pd_fail(p->err, PD_ERR_FORMAT, -1, "%s: expected CVAT's <annotations>", p->name);
    return PD_OK;
}

enum pd_status pd_label_parse_cvat(const struct pd_label_parse *p)
{
    struct parse x = {.p = p, .parser = XML_ParserCreate(NULL)};
    p->out->format = "CVAT";
    enum pd_status status = x.parser ? run(&x) : pd_fail_memory(p->err, p->name);
    if (x.parser)
        XML_ParserFree(x.parser);
    put(&x, &x.image, NULL);
    put(&x, &x.label, NULL);
    put(&x, &x.split, NULL);
    return status;
}

const char *pd_library_expat(char *text)
{
    const XML_Expat_Version v = XML_ExpatVersionInfo();
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d", v.major, v.minor, v.micro);
    return text;
}
