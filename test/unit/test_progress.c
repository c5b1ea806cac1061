/* Long work without a terminal says now and then how far it is. */
#include "cli/progress.c"
#include "cli/say.c"

#include "scratch.h"

#include <fcntl.h>

bool stop_asked(void)
{
    return false;
}

/* What is written to standard error meanwhile. */
static char *said_by(void (*work)(void))
{
    const int kept = dup(STDERR_FILENO), fd = open(scratch_path("err"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    dup2(fd, STDERR_FILENO);
    close(fd);
    work();
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    return scratch_read(scratch_path("err"), NULL);
}

static void a_minute_of_work(void)
{
    struct progress p;
    progress_begin(&p, 0, 600, 128, "images");
    for (uint64_t i = 1; i <= 600; i++) { /* ten steps a second, told by a clock that is set back */
        p.said -= 0.1;
        p.begun -= 0.1;
        p.rated -= 0.1;
        progress_update(&p, i, "epoch 1/1");
    }
    progress_end(&p);
}

static void short_work(void)
{
    struct progress p;
    progress_begin(&p, 0, 600, 128, "images");
    for (uint64_t i = 1; i <= 600; i++)
        progress_update(&p, i, "epoch 1/1");
    progress_end(&p);
}

/* 300 steps in half a minute, then 40 s of something else before the next one. */
static void work_with_a_pause(void)
{
    struct progress p;
    progress_begin(&p, 0, 600, 128, "images");
    p.begun -= 30, p.rated -= 0.1, p.said -= 0.1;
    progress_update(&p, 300, "epoch 1/2");
    p.begun -= 40, p.rated -= 40, p.said -= 40;
    progress_update(&p, 301, "epoch 2/2");
    progress_end(&p);
}

static void a_pause_is_not_the_rate(void **state)
{
    (void)state;
    char *said = said_by(work_with_a_pause);
    assert_contains(said, "epoch 2/2  50 %  550 images/s  1 min 10 s left");
    free(said);
}

static void says_how_far_it_is_every_half_minute(void **state)
{
    (void)state;
    char *said = said_by(a_minute_of_work), *line = strtok(said, "\n");
    int lines = 0;
    for (; line; line = strtok(NULL, "\n"), lines++) {
        assert_contains(line, "epoch 1/1  ");
        assert_contains(line, " images/s  ");
        assert_contains(line, "left");
    }
    assert_in_range(lines, 1, 2);
    free(said);
    said = said_by(short_work);
    assert_string_equal(said, "");
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_how_far_it_is_every_half_minute),
                                       cmocka_unit_test(a_pause_is_not_the_rate)};
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
