/* DICOM, where DCMTK's dcmdump and dcmj2pnm were found as paydirt was built. They run for each image and read
 * it from memory: the one says what is in it, the other hands back a PNG. Processes of their own, as the
 * format is a large one, and its faults stay their own. */
#include "base/buffer.h"
#include "data/images/image_format.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Starts the program that the arguments begin with on the input, with its output to out; -1: it cannot be
 * started. */
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
    if (posix_spawn(&child, arguments[0], &files, &attributes, arguments, environ))
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

/* Whether it ended well. */
static bool run(int input, char *const *arguments, struct pd_buffer *out)
{
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

/* --- what is in it --- */

struct head {
    char syntax[80]; /* the transfer syntax: how the pixels are stored */
    long frames, bits;
    bool window;
};

/* The value of an element of the data set itself, as dcmdump says it in a line: "(0028,0101) US 8  #", texts
 * in brackets; "": there is none. A line begins with more than the tag where it is one of a sequence's. */
static void find_value(const char *text, const char *tag, char *value, size_t size)
{
    *value = '\0';
    for (const char *at = text; at && *at; at = (at = strchr(at, '\n')) ? at + 1 : NULL)
        if (!strncmp(at, tag, strlen(tag)) && strcspn(at, "#") > strlen(tag) + 4) {
            at += strlen(tag) + 4;
            at += *at == '[';
            snprintf(value, size, "%.*s", (int)strcspn(at, "]# \n"), at);
            return;
        }
}

static bool read_head(int input, struct head *h)
{
    static char *const arguments[] = {PD_DCMDUMP,  "-q",        "-M",        "-Un",        "+p",
                                      "+P",        "0002,0010", "+P",        "0028,0008",  "+P",
                                      "0028,0101", "+P",        "0028,1050", "/dev/stdin", NULL};
    struct pd_buffer text = PD_BUFFER_INIT;
    char value[80];
    const bool ran = run(input, arguments, &text);
    pd_buffer_append(&text, "", 1);
    *h = (struct head){.syntax = ""};
    if (ran && !text.oom) {
        find_value(text.data, "(0002,0010)", h->syntax, sizeof h->syntax);
        find_value(text.data, "(0028,0008)", value, sizeof value);
        h->frames = strtol(value, NULL, 10);
        find_value(text.data, "(0028,0101)", value, sizeof value);
        h->bits = strtol(value, NULL, 10);
        find_value(text.data, "(0028,1050)", value, sizeof value);
        h->window = *value && *value != '(';
    }
    const bool done = ran && !text.oom;
    pd_buffer_release(&text);
    return done;
}

/* --- the pixels --- */

/* Overlays lie beside the pixels, and stay off them. The first window that the file has; without one 8 bits
 * as they are, and more from the least to the largest. */
static bool convert(int input, struct head *h, struct pd_buffer *out)
{
    char *const first[] = {PD_DCMJ2PNM, "/dev/stdin", "+on", "-O", "+Wi", "1", NULL};
    char *const plain[] = {PD_DCMJ2PNM, "/dev/stdin", "+on", "-O", h->bits > 8 ? "+Wm" : NULL, NULL};
    if (h->window && run(input, first, out))
        return true;
    h->window = false;
    pd_buffer_release(out);
    return run(input, plain, out);
}

/* A good file perhaps, but stored as DCMTK does not read it. */
static enum pd_status fail(const struct pd_image_work *w, const struct head *h)
{
    static const struct {
        const char *begin, *name;
    } others[] = {{"1.2.840.10008.1.2.4.8", "JPEG-LS"},    {"1.2.840.10008.1.2.4.9", "JPEG 2000"},
                  {"1.2.840.10008.1.2.4.10", "a film"},    {"1.2.840.10008.1.2.4.11", "JPEG XL"},
                  {"1.2.840.10008.1.2.4.20", "JPEG 2000"}, {"1.2.840.10008.1.2.7", "a film"}};
    char words[160];
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (!strncmp(h->syntax, others[i].begin, strlen(others[i].begin))) {
            snprintf(words, sizeof words, "transfer syntax %s: %s", h->syntax, others[i].name);
            return pd_image_unsupported(w, words);
        }
    return pd_image_broken(w, "dcmj2pnm finds no image that it can convert");
}

static enum pd_status decode(struct pd_image_work *w)
{
    static const char *const programs[] = {PD_DCMDUMP, PD_DCMJ2PNM};
    struct pd_buffer png = PD_BUFFER_INIT;
    struct head head;
    for (int i = 0; i < 2; i++)
        if (access(programs[i], X_OK))
            return pd_fail(w->err, PD_ERR_IO, -1, "'%s': cannot run %s, which DICOM needs", w->name,
                           programs[i]);
    const int input = make_input(w);
    if (input < 0)
        return pd_image_no_memory(w);
    enum pd_status status = PD_OK;
    if (!read_head(input, &head))
        status = pd_image_broken(w, "dcmdump cannot read it");
    else if (!convert(input, &head, &png))
        status = png.oom ? pd_image_no_memory(w) : fail(w, &head);
    close(input);
    if (!status) {
        struct pd_image_work converted = *w;
        converted.bytes = (const uint8_t *)png.data;
        converted.size = png.size;
        status = pd_image_decode_png(&converted);
        converted.bytes = w->bytes;
        converted.size = w->size;
        converted.beyond |= head.frames > 1 ? PD_IMAGE_FRAMES : 0;
        converted.beyond |= head.bits > 8 || head.window ? PD_IMAGE_BITS : 0;
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
