/* What paydirt is built on, in one list; and the versions of those that it cannot do without. */
#include <paydirt/libraries.h>

#include "base/library.h"

#include <csv.h>
#include <jansson.h>
#include <lapacke.h>
#include <nettle/version.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>
#include <zip.h>
#include <zlib.h>

static pd_library_version *const versions[] = {
#define PD_LIBRARY(id, name, use) pd_library_##id,
#include "base/library.def"
#undef PD_LIBRARY
};

bool pd_library_at(int index, struct pd_library *out)
{
    char text[PD_LIBRARY_TEXT];
    if (index < 0 || index >= PD_LIBRARIES)
        return false;
    const char *version = versions[index](text);
    *out = (struct pd_library){.name = pd_library_name(index), .use = pd_library_use(index)};
    snprintf(out->version, sizeof out->version, "%s", version ? version : "");
    return true;
}

enum pd_status pd_library_need(const char *name, struct pd_error *err)
{
    for (int i = 0; i < PD_LIBRARIES; i++)
        if (!strcmp(name, pd_library_name(i)))
            return pd_library_is_in(versions[i]) ? PD_OK : pd_without(i, NULL, err);
    return pd_fail(err, PD_ERR_USAGE, -1, "unknown library '%s'", name);
}

const char *pd_library_csv(char *text)
{
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d, its header's", CSV_MAJOR, CSV_MINOR, CSV_RELEASE);
    return text;
}

const char *pd_library_jansson(char *text)
{
    (void)text;
    return jansson_version_str();
}

const char *pd_library_lapack(char *text)
{
    lapack_int major, minor, patch;
    LAPACKE_ilaver(&major, &minor, &patch);
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d", (int)major, (int)minor, (int)patch);
    return text;
}

const char *pd_library_nettle(char *text)
{
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d", nettle_version_major(), nettle_version_minor());
    return text;
}

const char *pd_library_png(char *text)
{
    (void)text;
    return png_get_libpng_ver(NULL);
}

const char *pd_library_utf8proc(char *text)
{
    (void)text;
    return utf8proc_version();
}

const char *pd_library_zip(char *text)
{
    (void)text;
    return zip_libzip_version();
}

const char *pd_library_zlib(char *text)
{
    (void)text;
    return zlibVersion();
}
