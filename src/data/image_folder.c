/* A folder of images, of any sizes: each is decoded, resized and cut to one square size. */
#include "data/readers.h"

#include "base/words.h"
#include "data/image_set.h"
#include "data/transform.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>

static enum pd_status list(const struct pd_image_set *set, struct pd_image_list *out, struct pd_error *err)
{
    const struct pd_data_request *request = set->context;
    return pd_image_list_read(set->root, request->split, request->classes, out, err);
}

/* What decides on labels and pixels; "" where the folder has no name of its own. */
static enum pd_status write_key(const char *folder, int side, const struct pd_data_request *request,
                                struct pd_buffer *key, struct pd_error *err)
{
    char *real = realpath(folder, NULL);
    pd_buffer_append(key, "", 0);
    if (real)
        pd_buffer_printf(key, "folder %s\nsplit %d\nside %d\nclasses %s", real, request->split, side,
                         request->classes ? request->classes : "");
    free(real);
    return key->oom ? pd_fail_memory(err, folder) : PD_OK;
}

enum pd_status pd_open_folder(const struct pd_data_source *source, const struct pd_data_request *request,
                              struct pd_dataset *d, struct pd_error *err)
{
    const char *folder = strcmp(request->name, source->name) ? request->name : request->dir;
    struct pd_buffer key = PD_BUFFER_INIT;
    int side = 0;
    enum pd_status status = folder
                                ? pd_transform_stored_side(request, &side, err)
                                : pd_fail(err, PD_ERR_USAGE, -1,
                                          "data set 'folder': give the folder with --data-dir, or as --data");
    if (!status)
        status = write_key(folder, side, request, &key, err);
    if (!status) {
        const struct pd_image_set set = {folder, key.data, side, request, list, pd_image_set_decode_file};
        pd_path_word(d->name, sizeof d->name, folder);
        status = pd_image_set_open(&set, request, d, err);
    }
    pd_buffer_release(&key);
    return status;
}
