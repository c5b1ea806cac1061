#include "cli/eval_images.h"

#include "cli/progress.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

enum pd_status eval_open_weights(const char *path, int threads, struct pd_inception **out,
                                 struct pd_error *err)
{
    const char *end = strrchr(path, '.');
    if (end && (!strcmp(end, ".pth") || !strcmp(end, ".pt")))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--weights %.200s: 'paydirt weights import' makes of it what is taken here", path);
    return pd_inception_open(path, threads, out, err);
}

enum pd_status eval_read_images(struct pd_inception *net, struct pd_data_request request,
                                struct pd_feature_file *file, float **logits, struct pd_error *err)
{
    struct progress files = {.last = 0}, images = {.last = 0};
    struct progress_work seen = {&images, "inception", "images"};
    struct pd_image_features found;
    const struct pd_data_watch watch = {.context = &files, .decoding = progress_decoding};
    const struct pd_feature_work work = {
        .threads = request.threads, .watch = progress_on_work, .context = &seen};
    request.watch = &watch;
    enum pd_status status = pd_image_features_read(net, &request, logits, &work, &found, err);
    progress_end(&files);
    progress_end(&images);
    if (status) {
        pd_image_features_release(&found);
        return status;
    }
    pd_note_lines(found.note, say_line, stderr);
    *file = found.file;
    if (logits)
        *logits = found.logits;
    return PD_OK;
}
