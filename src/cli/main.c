/* paydirt COMMAND [options] */
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/graph.h>
#include <paydirt/libraries.h>
#include <paydirt/ranks.h>
#include <paydirt/version.h>
#include <paydirt/words.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct {
    const char *name, *summary;
    enum command_ranks ranks;
    command_function *run;
} commands[] = {
#define COMMAND_LINE(name, ranks, summary) {#name, summary, ranks, command_##name},
    COMMAND_LIST(COMMAND_LINE)
#undef COMMAND_LINE
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* Between two kernels libgomp's threads would spin for milliseconds, which takes the processor from everyone
 * else on it. A thousand looks, some 15 microseconds, bridge most gaps inside a step (without them a step of
 * mlp takes twice as long; five times as many halve its speed where another program has one of the
 * processors); then they sleep.
 */
static bool make_threads_wait_quietly(void)
{
    return !getenv("OMP_WAIT_POLICY") && !getenv("GOMP_SPINCOUNT") && !setenv("GOMP_SPINCOUNT", "1000", 1);
}

/* A processor that is newer than itself OpenBLAS gives its oldest kernels, the Prescott's of 2004: a sixth of
 * the speed. That processor runs others. */
static bool take_newer_kernels(void)
{
#ifdef __x86_64__
    char *(*core)(void);
    void *address = dlsym(RTLD_DEFAULT, "openblas_get_corename"); /* NULL: another BLAS */
    memcpy(&core, &address, sizeof core);
    if (!core || strcmp(core(), "Prescott") != 0 || getenv("OPENBLAS_CORETYPE"))
        return false;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return !setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           !setenv("OPENBLAS_CORETYPE", "Haswell", 1);
#else
    return false;
#endif
}

/* Both libraries read the environment before main begins: what they lack must be there when the program
 * starts, hence once more. */
static void start_with_quick_libraries(char **argv)
{
    const bool quiet = make_threads_wait_quietly(), newer = take_newer_kernels();
    if (quiet || newer)
        execv("/proc/self/exe", argv); /* where that fails, it works all the same */
}

/* A file that is opened as one of a closed standard stream would get its output. These fail as the closed
 * ones would: 0 is open for writing, 1 and 2 for reading. */
static void fill_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(pd_status_exit_code(PD_ERR_IO));
}

static void print_help(void)
{
    printf("usage: paydirt COMMAND [options]\n\n"
           "Conditional GANs trained on the processor, re-weighted by GOLD.\n\ncommands:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-8s %s\n", commands[i].name, commands[i].summary);
    printf("\n'paydirt COMMAND --help' shows a command's options and examples.\n");
}

static void print_version(void)
{
    struct pd_library l;
    printf("paydirt %s\nbackends:", pd_version());
    for (int i = 0; pd_backend_name(i); i++)
        printf(" %s", pd_backend_name(i));
    printf("\n");
    if (*pd_commit())
        printf("commit: %s\n", pd_commit());
    for (int i = 0; pd_library_at(i, &l); i++)
        printf("%s: %s (%s)\n", l.name, l.version[0] ? l.version : "no", l.use);
}

/* Each would do the same, and write to the same files. */
static enum pd_status refuse_ranks(const char *name, struct pd_error *err)
{
    char list[256] = "";
    for (int i = 0; i < COMMANDS; i++)
        if (commands[i].ranks == TOGETHER)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", list[0] ? ", " : "",
                     commands[i].name);
    return pd_fail(err, PD_ERR_USAGE, -1,
                   "'%s' was started %d times at once: it is one process; together work: %s", name,
                   pd_ranks_started(NULL), list);
}

static enum pd_status dispatch(int argc, char **argv, struct pd_error *err)
{
    const char *name = argv[0];
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(name, commands[i].name))
            return commands[i].ranks == ALONE && pd_ranks_started(NULL) > 1
                       ? refuse_ranks(name, err)
                       : commands[i].run(argc, argv, err);
    if (name[0] == '-')
        return pd_fail(err, PD_ERR_USAGE, -1, "unknown option %.40s; 'paydirt --help' shows the usage", name);
    return pd_unknown_word(err, "command", name, &commands[0].name, COMMANDS, sizeof commands[0]);
}

static enum pd_status run(int argc, char **argv, struct pd_error *err)
{
    if (argc < 2)
        return pd_fail(err, PD_ERR_USAGE, -1, "a command is missing; 'paydirt --help' lists them");
    const bool help = !strcmp(argv[1], "help");
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || (help && argc == 2) ||
        (help && argc == 3 && !strcmp(argv[2], "help"))) {
        print_help();
        return PD_OK;
    }
    if (help && argc > 3 && strcmp(argv[2], "data") != 0)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "unexpected argument '%.200s'; 'paydirt help %.40s' shows its help", argv[3], argv[2]);
    if (help) { /* help COMMAND, help data VERB */
        memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof *argv);
        argv[argc - 1] = "--help";
    }
    if (!strcmp(argv[1], "--version")) {
        print_version();
        return PD_OK;
    }
    return dispatch(argc - 1, argv + 1, err);
}

int main(int argc, char **argv)
{
    struct pd_error err = {.status = PD_OK};
    fill_standard_streams();
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is then a failed write, which has words */
    start_with_quick_libraries(argv);
    prctl(PR_SET_NAME, "paydirt"); /* started by /proc/self/exe, ps would call it "exe" */
    enum pd_status status = stop_begin(&err);
    if (!status)
        status = run(argc, argv, &err);
    if ((fflush(stdout) || ferror(stdout)) && !status)
        status = say_unwritten(errno, &err);
    if (status && err.message[0])
        say_error(argc > 1 ? argv[1] : NULL, &err);
    return pd_status_exit_code(status);
}
