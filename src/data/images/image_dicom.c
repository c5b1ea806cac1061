/* DICOM, where DCMTK's dcmj2pnm was found as paydirt was built. It runs for each image, reads it from memory
 * and hands back a PNG: a process of its own, as the format is a large one, and its faults stay its own. */
#include "base/buffer.h"
#include "data/images/image_format.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 60000 /* milliseconds without a word from it */, MEMORY_MOST = 1 << 30 };

/* A file in memory that holds the image, or -1. */
static int make_input(const struct pd_image_work *w)
{
    const int file = memfd_create("image.dcm", MFD_CLOEXEC);
    for (size_t done = 0; file >= 0 && done < w->size;) {
        const ssize_t n = write(file, w->bytes + done, w->size - done);
        if (n <= 0 && errno != EINTR) {
            close(file);
            return -1;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return file;
}

/* Starts it on the input, with its output to out; -1: it cannot be started. */
static pid_t start(int input, int out, char *const *arguments)
{
    pid_t child = -1;
    sigset_t none;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_adddup2(&files, input, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, PD_DCMJ2PNM, &files, &attributes, arguments, environ))
        child = -1;
    else
        prlimit(child, RLIMIT_AS, &(struct rlimit){MEMORY_MOST, MEMORY_MOST}, NULL);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return child;
}

/* All that comes before the end; false: it takes too long, or is too much. */
static bool read_all(int from, struct pd_buffer *to)
{
    char bytes[1 << 14];
    while (to->size < PD_IMAGE_FILE_MAX && !to->oom) {
        struct pollfd fd = {.fd = from, .events = POLLIN};
        const int ready = poll(&fd, 1, PATIENCE);
        const ssize_t n = ready > 0 ? read(from, bytes, sizeof bytes) : -1;
        if (!ready || (n < 0 && errno != EINTR))
            return false;
        if (!n)
            return true;
        if (n > 0)
            pd_buffer_append(to, bytes, (size_t)n);
    }
    return false;
}

/* One run with the arguments of a window; whether it ended well. */
static bool run(int input, const char *const window[2], struct pd_buffer *out)
{
    char *const arguments[] = {"dcmj2pnm", "/dev/stdin", "+on", (char *)window[0], (char *)window[1], NULL};
    int ends[2], result = 0;
    if (pipe2(ends, O_CLOEXEC))
        return false;
    const pid_t child = start(input, ends[1], arguments);
    close(ends[1]);
    const bool whole = child > 0 && read_all(ends[0], out);
    close(ends[0]);
    if (child < 0)
        return false;
    if (!whole)
        kill(child, SIGKILL);
    while (waitpid(child, &result, 0) < 0 && errno == EINTR) {
    }
    return whole && !result;
}

/* Bits of a sample (0028,0101), with or without the element's type; 16 where it isn't found. */
static int bits_stored(const struct pd_image_work *w)
{
    static const uint8_t with[] = {0x28, 0, 1, 1, 'U', 'S', 2, 0}, without[] = {0x28, 0, 1, 1, 2, 0, 0, 0};
    const uint8_t *end = w->bytes + w->size, *at = memmem(w->bytes, w->size, with, sizeof with);
    if (!at)
        at = memmem(w->bytes, w->size, without, sizeof without);
    return at && end - at > 8 ? at[8] : 16;
}

/* The first window that the file has; without one 8 bits as they are, and more from the least to the largest.
 */
static bool convert(const struct pd_image_work *w, int input, struct pd_buffer *out)
{
    static const char *const first[] = {"+Wi", "1"}, *const stored[] = {NULL, NULL},
                             *const all[] = {"+Wm", NULL};
    if (run(input, first, out))
        return true;
    pd_buffer_release(out);
    return run(input, bits_stored(w) <= 8 ? stored : all, out);
}

static enum pd_status decode(struct pd_image_work *w)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    if (access(PD_DCMJ2PNM, X_OK))
        return pd_fail(w->err, PD_ERR_IO, -1, "'%s': cannot run %s, which DICOM needs", w->name, PD_DCMJ2PNM);
    const int input = make_input(w);
    if (input < 0)
        return pd_image_no_memory(w);
    enum pd_status status = PD_OK;
    if (!convert(w, input, &png))
        status = png.oom ? pd_image_no_memory(w)
                         : pd_image_broken(w, "dcmj2pnm finds no image that it can convert");
    close(input);
    if (!status) {
        struct pd_image_work converted = *w;
        converted.bytes = (const uint8_t *)png.data;
        converted.size = png.size;
        status = pd_image_decode_png(&converted);
        converted.bytes = w->bytes;
        converted.size = w->size;
        *w = converted;
    }
    pd_buffer_release(&png);
    return status;
}

pd_image_decoder *const pd_image_decode_dcmj2pnm = decode;

const char *pd_library_dcmj2pnm(char *text)
{
    (void)text;
    return PD_DCMJ2PNM;
}
