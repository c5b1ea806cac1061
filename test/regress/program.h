/* For tests: runs the program that the environment's PAYDIRT names, in the scratch folder. */
#ifndef PD_TEST_PROGRAM_H
#define PD_TEST_PROGRAM_H

#include "scratch.h"

#include <fcntl.h>
#include <pty.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

enum { PROGRAM_WORDS = 64, PROGRAM_TEXT = 1 << 16 };

struct result {
    int code; /* exit code, or -signal */
    char out[PROGRAM_TEXT], err[PROGRAM_TEXT];
};

static inline void program_redirect(const char *name, int to)
{
    int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    dup2(fd, to);
    close(fd);
}

/* command: words with single spaces between. terminal: a descriptor for standard error, or -1. */
static inline void program_exec(const char *command, int terminal)
{
    static char words[4096];
    char *argv[PROGRAM_WORDS] = {"paydirt"};
    int n = 1;
    snprintf(words, sizeof words, "%s", command);
    for (char *word = strtok(words, " "); word && n < PROGRAM_WORDS - 1; word = strtok(NULL, " "))
        argv[n++] = word;
    argv[n] = NULL;
    program_redirect("stdout", STDOUT_FILENO);
    if (terminal >= 0)
        dup2(terminal, STDERR_FILENO);
    else
        program_redirect("stderr", STDERR_FILENO);
    setenv("TERM", "xterm", 1);
    if (chdir(scratch_dir) == 0)
        execv(getenv("PAYDIRT"), argv);
    _exit(127);
}

static inline void program_read(const char *name, char text[PROGRAM_TEXT])
{
    char *whole = scratch_read(scratch_path(name), NULL);
    snprintf(text, PROGRAM_TEXT, "%s", whole);
    free(whole);
}

static inline pid_t program_start(const char *command, rlim_t limit)
{
    pid_t child = fork();
    if (child == 0) {
        struct rlimit files = {limit, RLIM_INFINITY};
        if (limit != RLIM_INFINITY)
            setrlimit(RLIMIT_FSIZE, &files);
        program_exec(command, -1);
    }
    assert_true(child > 0);
    return child;
}

/* Valid until the next. */
static inline const struct result *program_end(pid_t child)
{
    static struct result r;
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    program_read("stdout", r.out);
    program_read("stderr", r.err);
    return &r;
}

static inline const struct result *run_limited(const char *command, rlim_t limit)
{
    return program_end(program_start(command, limit));
}

static inline const struct result *run(const char *command)
{
    return run_limited(command, RLIM_INFINITY);
}

/* The same with a terminal of 100 columns as standard error; what it showed is in err. */
static inline const struct result *run_on_terminal(const char *command)
{
    static struct result r;
    int master, slave, status;
    size_t n = 0;
    const struct winsize size = {.ws_row = 24, .ws_col = 100};
    if (openpty(&master, &slave, NULL, NULL, &size)) { /* a bare container has no /dev/pts */
        print_message("no pseudo-terminal to be had\n");
        skip();
    }
    pid_t child = fork();
    if (child == 0)
        program_exec(command, slave);
    close(slave);
    for (ssize_t got; n < PROGRAM_TEXT - 1 && (got = read(master, r.err + n, PROGRAM_TEXT - 1 - n)) > 0;)
        n += (size_t)got;
    r.err[n] = '\0';
    close(master);
    assert_int_equal(waitpid(child, &status, 0), child);
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    program_read("stdout", r.out);
    return &r;
}

static inline const struct result *succeeds(const char *command)
{
    const struct result *r = run(command);
    if (r->code)
        fail_msg("'%s' ended with %d: %s", command, r->code, r->err);
    return r;
}

/* One line on standard error, after what progress there was, with the program's name and these words. */
static inline void assert_fails(const char *command, const struct result *r, int code, const char *words)
{
    const char *line = strstr(r->err, "paydirt: ");
    if (r->code != code || !line || !strstr(line, words))
        fail_msg("'%s' ended with %d and \"%s\", expected %d and \"%s\"", command, r->code, r->err, code,
                 words);
    assert_ptr_equal(strchr(line, '\n') + 1, r->err + strlen(r->err));
    assert_string_equal(r->out, "");
}

static inline void fails(const char *command, int code, const char *words)
{
    assert_fails(command, run(command), code, words);
}

static inline void program_sleep(double seconds)
{
    const struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* Until a running program has written this text to a file of the scratch folder; at most half a minute. */
static inline void wait_for_text(const char *name, const char *text)
{
    bool found = false;
    for (int i = 0; i < 3000 && !found; i++) {
        char *so_far = scratch_read(scratch_path(name), NULL);
        found = strstr(so_far, text);
        free(so_far);
        if (!found)
            program_sleep(0.01);
    }
    assert_true(found);
}

#endif
