#include "cli/outputs.h"

#include <paydirt/data.h>

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAG_SIZE = 40, OUTPUTS = 8 };

/* An output as it is checked. */
struct output {
    const char *flag, *path;
    char folder[PATH_MAX]; /* the real one that it is to lie in; "": not there */
    bool there;
    struct stat st;
};

static bool is_output(const struct pd_option *o)
{
    return o->type == PD_OPTION_TEXT &&
           (!strncmp(o->metavar, "FILE.", 5) || !strcmp(o->metavar, "PATH") || !strcmp(o->metavar, "FOLDER"));
}

static bool is_input(const struct pd_option *o)
{
    return o->type == PD_OPTION_TEXT && (!strcmp(o->metavar, "FILE") || !strcmp(o->name, "data"));
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool lies_beside(const char *path, const char *name)
{
    char other[PATH_MAX];
    snprintf(other, sizeof other, "%.*s%s", (int)(file_of(path) - path), path, name);
    return !access(other, F_OK);
}

/* What a run is made of, and cannot go on without; pictures in its folder are drawn anew. */
static bool is_of_run(const char *path)
{
    static const char *const names[] = {"options.json",     "active.json",
                                        "data.json",        "images.csv",
                                        "labels.csv",       "log.jsonl",
                                        "journal.jsonl",    "eval.jsonl",
                                        "answers.csv",      "queries.csv",
                                        "page.csv",         "checkpoint.safetensors",
                                        "best.safetensors", "statistics.safetensors"};
    const char *name = file_of(path);
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && strcmp(name, names[i]) != 0)
        i++;
    if (i == sizeof names / sizeof names[0] || access(path, F_OK) || !lies_beside(path, "options.json"))
        return false;
    return strcmp(name, "labels.csv") != 0 ||
           !lies_beside(path, "active.json"); /* an export of its answers */
}

static void look(struct output *o, const char *flag, const char *path)
{
    char parent[PATH_MAX];
    *o = (struct output){.flag = flag, .path = path};
    o->there = !stat(path, &o->st) && S_ISREG(o->st.st_mode);
    const int n = (int)(file_of(path) - path);
    snprintf(parent, sizeof parent, "%.*s", n ? n : 1, n ? path : ".");
    if (!realpath(parent, o->folder))
        o->folder[0] = '\0';
}

static bool is_same(const struct output *a, const struct output *b)
{
    if (!strcmp(a->path, "/dev/null"))
        return false;
    if (a->there && b->there)
        return a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino;
    return !strcmp(a->path, b->path) ||
           (a->folder[0] && !strcmp(a->folder, b->folder) && !strcmp(file_of(a->path), file_of(b->path)));
}

static bool lies_within(const struct output *o, const char *folder)
{
    char real[PATH_MAX];
    const size_t n = realpath(folder, real) ? strlen(real) : 0;
    return n && o->folder[0] && !strncmp(o->folder, real, n) && (!o->folder[n] || o->folder[n] == '/');
}

/* By its ending. */
static bool is_image(const char *path)
{
    static const char *const endings[] = {".png", ".jpg",  ".jpeg", ".jpe",  ".webp", ".gif", ".tif",
                                          ".bmp", ".tiff", ".dcm",  ".heic", ".heif", ".avif"};
    const char *ending = strrchr(file_of(path), '.');
    for (size_t i = 0; ending && i < sizeof endings / sizeof endings[0]; i++)
        if (!strcasecmp(ending, endings[i]))
            return true;
    return false;
}

/* A picture that paydirt has drawn, which data sets pass over. */
static bool is_own_picture(const char *path)
{
    static const char mark[] = "Software\0paydirt";
    char head[256];
    FILE *f = fopen(path, "re");
    const size_t n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f)
        fclose(f);
    return memmem(head, n, mark, sizeof mark - 1);
}

/* What a folder of images is read from, and without which it would be another data set. */
static bool is_of_data(const char *path)
{
    const char *name = file_of(path);
    return (is_image(path) && !is_own_picture(path)) || !strcmp(name, "metadata.csv") ||
           !strcmp(name, "metadata.jsonl");
}

/* A set that is known by that name is meant, whatever folder is called so, too. */
static bool is_known_set(const char *name)
{
    for (int i = 0; pd_data_source_at(i); i++)
        if (!strcmp(pd_data_source_at(i)->name, name))
            return true;
    return false;
}

/* input: a file, one of its arrays or columns ("pool.npz:f") or a folder that the command, or its run, was
 * given; or a word that is none. */
static enum pd_status check_input(const struct output *o, const char *input, struct pd_error *err)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s", input);
    char *colon = strrchr(path, ':');
    if (colon && access(path, F_OK))
        *colon = '\0';
    if (!o->there || !*path || is_known_set(path) || stat(path, &st))
        return PD_OK;
    if (S_ISREG(st.st_mode) && st.st_dev == o->st.st_dev && st.st_ino == o->st.st_ino)
        return pd_fail(err, PD_ERR_USAGE, -1, "--%s %.200s would replace what is read: give another name",
                       o->flag, o->path);
    if (S_ISDIR(st.st_mode) && is_of_data(o->path) && lies_within(o, path))
        return pd_fail(err, PD_ERR_USAGE, -1, "--%s %.200s is a file of the data '%.200s': give another name",
                       o->flag, o->path, path);
    return PD_OK;
}

/* What the run was trained on, by its options.json. */
static enum pd_status check_run(const struct output *o, const char *run, struct pd_error *err)
{
    static const char *const inputs[] = {"data", "metadata", "label_file"};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/options.json", run);
    json_t *options = json_load_file(path, 0, NULL);
    enum pd_status status = PD_OK;
    for (size_t i = 0; !status && i < sizeof inputs / sizeof inputs[0]; i++) {
        const char *input = json_string_value(json_object_get(options, inputs[i]));
        status = check_input(o, input ? input : "", err);
    }
    const bool is_run = options;
    json_decref(options);
    return status || is_run ? status : check_input(o, run, err);
}

static enum pd_status check_inputs(const struct args_command *c, const struct args *args,
                                   const struct output *o, struct pd_error *err)
{
    const struct pd_option *option;
    void *base;
    enum pd_status status = PD_OK;
    for (int i = 0; !status && i < args->operand_count; i++)
        status = check_run(o, args->operands[i], err);
    for (int i = 0; !status && (option = args_option(c, i, &base)); i++)
        if (args->given[i] && is_input(option))
            status = check_input(o, (const char *)base + option->offset, err);
    return status;
}

/* /dev/stdout is the output's alone: what is said to people goes to stderr then. */
static void give_stdout(const struct pd_option *option, void *base)
{
    struct stat out, st;
    char *path = (char *)base + option->offset;
    const bool is_device = !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6);
    if (!is_device || isatty(STDOUT_FILENO) || stat(path, &st) || fstat(STDOUT_FILENO, &out) ||
        st.st_dev != out.st_dev || st.st_ino != out.st_ino)
        return;
    const int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return;
    snprintf(path, (size_t)option->size, "/dev/fd/%d", fd);
}

enum pd_status outputs_check(const struct args_command *c, const struct args *args, struct pd_error *err)
{
    struct output all[OUTPUTS];
    char flags[OUTPUTS][FLAG_SIZE];
    const struct pd_option *option;
    void *base;
    int n = 0;
    enum pd_status status = PD_OK;
    for (int i = 0; !status && n < OUTPUTS && (option = args_option(c, i, &base)); i++) {
        if (!args->given[i] || !is_output(option))
            continue;
        struct output *o = &all[n];
        look(o, pd_option_flag(option, flags[n], FLAG_SIZE), (const char *)base + option->offset);
        if (is_of_run(o->path))
            return pd_fail(err, PD_ERR_USAGE, -1, "--%s %.200s: a run's own file: give another name", o->flag,
                           o->path);
        for (int k = 0; k < n; k++)
            if (is_same(o, &all[k]))
                return pd_fail(err, PD_ERR_USAGE, -1,
                               "--%s %.200s: the same file for two outputs: one would replace the other",
                               o->flag, o->path);
        status = check_inputs(c, args, o, err);
        n++;
    }
    for (int i = 0; !status && n && (option = args_option(c, i, &base)); i++)
        if (args->given[i] && is_output(option))
            give_stdout(option, base);
    return status;
}
