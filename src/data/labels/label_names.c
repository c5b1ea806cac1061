#include "data/labels/label_names.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/images/image.h"
#include "data/labels/image_name.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

enum pd_status pd_label_names_init(struct pd_label_names *n, const struct pd_image_list *list,
                                   const char *folder, struct pd_error *err)
{
    *n = (struct pd_label_names){.text = PD_BUFFER_INIT};
    for (size_t i = 0; i < list->count; i++) {
        pd_image_name_append(&n->text, list->at[i].path, strlen(list->at[i].path));
        pd_buffer_append(&n->text, "", 1);
    }
    if (n->text.oom || list->count > UINT32_MAX)
        return pd_fail_memory(err, folder);
    pd_path_word(n->images.name, sizeof n->images.name, folder);
    n->images.count = (uint32_t)list->count;
    enum pd_status status = pd_dataset_name_images(&n->images, n->text.data, err);
    return status ? status : pd_image_index_init(&n->index, &n->images, err);
}

void pd_label_names_release(struct pd_label_names *n)
{
    pd_image_index_release(&n->index);
    pd_free(n->images.image_names);
    pd_buffer_release(&n->text);
}

/* Bytes of a name without its ending, where that is one of a picture. */
static size_t stem_size(const char *text)
{
    return pd_image_is_ending(text) || pd_image_unread(text) ? (size_t)(strrchr(text, '.') - text)
                                                             : strlen(text);
}

/* Kaggle's tables leave the ending out; other images have been converted since, or are called .JPG. */
int64_t pd_label_names_find(const struct pd_label_names *n, const char *text, bool *converted)
{
    int64_t found = pd_image_find(&n->index, text);
    *converted = false;
    if (found == PD_IMAGE_UNKNOWN)
        found = pd_image_find_stem(&n->index, text, strlen(text));
    if (found == PD_IMAGE_UNKNOWN && text[stem_size(text)]) {
        found = pd_image_find_stem(&n->index, text, stem_size(text));
        *converted = found >= 0;
    }
    return found;
}

bool pd_label_names_has(const struct pd_label_names *n, const char *text, const char *like)
{
    char name[4096];
    const char *dot = strrchr(like, '.');
    const int size = snprintf(name, sizeof name, "%.*s%s", (int)stem_size(text), text, dot ? dot : "");
    return size > 0 && size < (int)sizeof name && pd_image_find(&n->index, name) >= 0;
}
