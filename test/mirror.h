/* For tests: a web server of this machine with a mirror's faults (unit/mirror.py), serving the scratch
 * folder. */
#ifndef PD_TEST_MIRROR_H
#define PD_TEST_MIRROR_H

#include "scratch.h"

#include <sys/prctl.h>
#include <sys/wait.h>

static pid_t mirror_process = -1;
static int mirror_port; /* 0: there is no python3 */

/* In scratch_dir, which is there already. */
static inline void mirror_start(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    mirror_process = fork();
    if (mirror_process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        execlp("python3", "python3", PD_TEST_DIR "/unit/mirror.py", scratch_dir, scratch_path("requests"),
               (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *port = fdopen(ends[0], "r");
    if (!port || fscanf(port, "%d", &mirror_port) != 1)
        print_message("no python3 to serve files with\n");
    if (port)
        fclose(port);
}

static inline void mirror_stop(void)
{
    if (mirror_process > 0) {
        kill(mirror_process, SIGKILL);
        waitpid(mirror_process, NULL, 0);
    }
}

/* http://127.0.0.1:PORT/HOW. Valid until the fourth call after this one. */
static inline const char *mirror_url(const char *how)
{
    static char urls[4][256];
    static int turn;
    char *url = urls[turn++ % 4];
    snprintf(url, sizeof urls[0], "http://127.0.0.1:%d/%s", mirror_port, how);
    return url;
}

static inline void mirror_forget_requests(void)
{
    scratch_write(scratch_path("requests"), "", 0);
}

/* "PATH RANGE" of all requests since, a line each. */
static inline void assert_requests(const char *lines)
{
    assert_file(scratch_path("requests"), lines);
}

#endif
