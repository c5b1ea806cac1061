#include "cli/page.h"
#include "cli/say.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

enum pd_status page_open(const struct page_options *o, struct pd_page **page, struct pd_error *err)
{
    const struct pd_page_place place = {or_null(o->listen), (int)o->port, or_null(o->certificate),
                                        or_null(o->key), o->insecure};
    return pd_page_open(&place, page, err);
}

/* xdg-open comes back at once; what it says is nobody's concern. */
static void open_browser(const char *address)
{
    char *argv[] = {(char[]){"xdg-open"}, (char *)(uintptr_t)address, NULL};
    posix_spawn_file_actions_t quiet;
    pid_t child;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!posix_spawnp(&child, "xdg-open", &quiet, NULL, argv, environ))
        waitpid(child, NULL, 0);
    posix_spawn_file_actions_destroy(&quiet);
}

void page_show(const struct page_options *o, const struct pd_page *page, bool watching)
{
    const char *address = watching ? pd_page_watch_address(page) : pd_page_address(page);
    say(stdout, "%s\n", address);
    if (!watching)
        say(stderr, "to watch alone, without answering: %s\n", pd_page_watch_address(page));
    if (o->insecure && !o->certificate[0] && o->listen[0])
        say(stderr, "without TLS: everybody between this machine and the browser reads along, the address "
                    "included\n");
    fflush(stdout);
    if (o->browser && (getenv("DISPLAY") || getenv("WAYLAND_DISPLAY")))
        open_browser(address);
}
