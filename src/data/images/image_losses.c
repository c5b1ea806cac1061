#include "data/images/image_losses.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/images/image_words.h"
#include "data/labels/image_name.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

enum {
    LITTLE = 15,        /* of 255, all the values of an image lie within: 12 bits in 16 */
    DARK_OF_16 = 63,    /* the brightest of one that has more than 8 bits: up to 14 in 16 */
    IMAGES_TO_TELL = 4, /* of a class */
    IMAGES_TO_ASK = 16, /* of all */
};

void pd_image_look(const struct pd_image *image, int32_t label, struct pd_image_trait *out)
{
    const size_t values = 3 * (size_t)image->height * (size_t)image->width;
    *out = (struct pd_image_trait){label, UINT8_MAX, 0, image->beyond,
                                   pd_image_is_long(image->height, image->width)};
    for (size_t i = 0; i < values; i++) {
        const uint8_t value = image->planes[i];
        out->darkest = value < out->darkest ? value : out->darkest;
        out->brightest = value > out->brightest ? value : out->brightest;
    }
}

/* --- what is left out --- */

static size_t count_beyond(const struct pd_image_trait *of, size_t count, int what)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += of[i].beyond & what ? 1 : 0;
    return n;
}

static void note_left_out(const char *name, const struct pd_image_trait *of, size_t count,
                          char note[PD_NOTE_SIZE])
{
    static const struct {
        int what;
        const char *one, *several, *words;
    } lines[] = {
        {PD_IMAGE_FRAMES, "has", "have", "more frames or pages; the first is taken"},
        {PD_IMAGE_BANDS, "has", "have", "more bands than grey or red, green and blue; the first are taken"},
        {PD_IMAGE_VEILED, "has", "have", "an alpha that varies like an image, on white: is it another band?"},
    };
    for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++) {
        const size_t n = count_beyond(of, count, lines[k].what);
        if (n)
            pd_note_add(note, name, "%zu file%s %s %s", n, n > 1 ? "s" : "",
                        n > 1 ? lines[k].several : lines[k].one, lines[k].words);
    }
    size_t cut = 0;
    for (size_t i = 0; i < count; i++)
        cut += of[i].is_long;
    if (8 * cut >= count && cut)
        pd_note_add(
            note, name,
            "%zu image%s more than twice as long as wide or high: the square in the middle is kept, less "
            "than half",
            cut, cut > 1 ? "s are" : " is");
}

/* --- what hardly shows --- */

static int range(const struct pd_image_trait *t)
{
    return t->brightest - t->darkest;
}

/* Its upper bits are not used. */
static bool is_unscaled(const struct pd_image_trait *t)
{
    return t->beyond & PD_IMAGE_BITS && t->brightest <= DARK_OF_16;
}

static bool is_dim(const struct pd_image_trait *t)
{
    return range(t) <= LITTLE || is_unscaled(t);
}

/* The classes of which no image shows more. */
static enum pd_status list_dim_classes(const struct pd_image_trait *of, size_t count,
                                       const char (*class_names)[PD_CLASS_NAME_SIZE], int classes,
                                       char list[PD_IMAGE_WORDS], struct pd_error *err)
{
    struct {
        size_t all, dim;
    } *of_class = pd_calloc((size_t)classes + 1, sizeof *of_class);
    size_t named = 0;
    *list = '\0';
    if (!of_class)
        return pd_fail_memory(err, "classes");
    for (size_t i = 0; i < count; i++)
        if (of[i].label >= 0) {
            of_class[of[i].label].all++;
            of_class[of[i].label].dim += is_dim(&of[i]);
        }
    for (int k = 0; k < classes; k++)
        if (of_class[k].all >= IMAGES_TO_TELL && of_class[k].all == of_class[k].dim) {
            char path[PD_CLASS_NAME_SIZE];
            pd_image_path(class_names[k], path, sizeof path);
            pd_image_words_name(list, &named, path, strlen(path));
        }
    pd_free(of_class);
    return PD_OK;
}

enum pd_status pd_image_losses_note(const char *name, const struct pd_image_trait *of, size_t count,
                                    const char (*class_names)[PD_CLASS_NAME_SIZE], int classes,
                                    char note[PD_NOTE_SIZE], struct pd_error *err)
{
    char list[PD_IMAGE_WORDS];
    size_t dim = 0, unscaled = 0;
    int most = 0;
    note_left_out(name, of, count, note);
    enum pd_status status = list_dim_classes(of, count, class_names, classes, list, err);
    for (size_t i = 0; i < count; i++)
        if (is_dim(&of[i])) {
            dim++;
            unscaled += is_unscaled(&of[i]);
            most = range(&of[i]) > most ? range(&of[i]) : most;
        }
    const bool all = dim == count && most <= LITTLE; /* shades.h says that */
    if (status || all || !(*list || (dim >= IMAGES_TO_ASK && 8 * dim >= count)))
        return status;
    pd_note_add(
        note, name,
        "%zu of %zu images%s%s%s hardly show anything: their values lie within %d %% of black to white%s",
        dim, count, *list ? " (all of class " : "", list, *list ? ")" : "", (most + 1) * 100 / 256,
        unscaled == dim ? " (12 to 14 bits in 16? scale them before)"
                        : " (12 bits in 16, numbers of classes, white on clear?)");
    return PD_OK;
}
