#include "scratch.h"

#include "io/lock.h"

#include <sys/stat.h>
#include <sys/wait.h>

static void one_holds_it_at_a_time(void **state)
{
    (void)state;
    struct pd_lock one, two;
    struct pd_error err;
    char words[128], host[65] = "";
    assert_int_equal(pd_lock_take(&one, scratch_dir, "lock", 0, &err), PD_OK);
    assert_false(one.powerless);
    assert_int_equal(pd_lock_take(&two, scratch_dir, "lock", 0, &err), PD_ERR_IO);
    gethostname(host, sizeof host - 1);
    snprintf(words, sizeof words, ": another process (pid %d on %s) is at work on it", (int)getpid(), host);
    assert_contains(err.message, words);
    pd_lock_release(&two); /* has none */
    assert_int_equal(pd_lock_take(&two, scratch_dir, "lock", 0.1, &err), PD_ERR_IO);
    assert_int_equal(pd_lock_take(&two, scratch_dir, "other", 0, &err), PD_OK);
    pd_lock_release(&two);
    pd_lock_release(&one);
    assert_int_equal(pd_lock_take(&two, scratch_dir, "lock", 0, &err), PD_OK);
    pd_lock_release(&two);
}

static pid_t hold(const char *name, int ready)
{
    const pid_t child = fork();
    if (child)
        return child;
    struct pd_lock lock;
    const bool held = !pd_lock_take(&lock, scratch_dir, name, 0, NULL);
    _exit(held && write(ready, "x", 1) == 1 ? pause() : 1);
}

static void a_killed_process_lets_go(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    struct pd_lock lock;
    struct pd_error err;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = hold("killed", ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(pd_lock_take(&lock, scratch_dir, "killed", 0, &err), PD_ERR_IO);
    char words[32];
    snprintf(words, sizeof words, "(pid %d on ", (int)child);
    assert_contains(err.message, words);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(pd_lock_take(&lock, scratch_dir, "killed", 0, &err), PD_OK);
    pd_lock_release(&lock);
    close(ready[0]);
    close(ready[1]);
}

/* What a lock's file says of its holder may be a stranger's words. */
static void foreign_words_are_not_repeated(void **state)
{
    (void)state;
    struct pd_lock lock, other;
    struct pd_error err;
    char path[512];
    static const char *const words[] = {"pid 1 on \033[2J\n", "hello\n", "", "pid x on y"};
    assert_int_equal(pd_lock_take(&lock, scratch_dir, "words", 0, NULL), PD_OK);
    snprintf(path, sizeof path, "%s", scratch_path("words"));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        scratch_write(path, words[i], strlen(words[i]));
        assert_int_equal(pd_lock_take(&other, scratch_dir, "words", 0, &err), PD_ERR_IO);
        assert_contains(err.message, ": another process is at work on it");
    }
    pd_lock_release(&lock);
}

static void its_file_is_no_other(void **state)
{
    (void)state;
    struct pd_lock lock;
    struct pd_error err;
    scratch_write(scratch_path("victim"), "precious", 8);
    assert_int_equal(symlink("victim", scratch_path("link")), 0);
    assert_int_equal(mkfifo(scratch_path("pipe"), 0666), 0);
    assert_int_equal(pd_lock_take(&lock, scratch_dir, "link", 0, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "/link: a symbolic link, expected a regular file");
    assert_file(scratch_path("victim"), "precious");
    assert_int_equal(pd_lock_take(&lock, scratch_dir, "pipe", 0, &err), PD_ERR_FORMAT);
    assert_int_equal(pd_lock_take(&lock, "/no/such", "lock", 0, &err), PD_ERR_IO);
    pd_lock_release(&lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_holds_it_at_a_time),
        cmocka_unit_test(a_killed_process_lets_go),
        cmocka_unit_test(foreign_words_are_not_repeated),
        cmocka_unit_test(its_file_is_no_other),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
