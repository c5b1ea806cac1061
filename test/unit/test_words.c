#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"mnist", "fmnist", "kmnist", "strokes"};

static const char *nearest(const char *word)
{
    return pd_nearest_word(word, names, 4, sizeof names[0]);
}

static void finds_the_nearest(void **state)
{
    (void)state;
    assert_string_equal(nearest("mnits"), "mnist");
    assert_string_equal(nearest("fmnits"), "fmnist");
    assert_string_equal(nearest("MNIST"), "mnist");
    assert_string_equal(nearest("stroke"), "strokes");
    assert_string_equal(nearest("srtokes"), "strokes");
    assert_null(nearest("imagenet-21k"));
    assert_null(nearest(""));
    char lengthy[200] = {0};
    memset(lengthy, 'm', sizeof lengthy - 1);
    assert_null(nearest(lengthy));
}

static void walks_a_table(void **state)
{
    (void)state;
    const struct row {
        const char *name;
        double weight[3];
    } table[] = {{"adam", {0}}, {"sgd", {0}}};
    char text[32];
    assert_string_equal(pd_nearest_word("sdg", &table[0].name, 2, sizeof table[0]), "sgd");
    assert_string_equal(pd_join_words(text, sizeof text, &table[0].name, 2, sizeof table[0]), "adam, sgd");
}

static void joins_within_bounds(void **state)
{
    (void)state;
    char text[64], small[9];
    assert_string_equal(pd_join_words(text, sizeof text, names, 4, sizeof names[0]),
                        "mnist, fmnist, kmnist, strokes");
    assert_string_equal(pd_join_words(small, sizeof small, names, 4, sizeof names[0]), "mnist, f");
    assert_string_equal(pd_join_words(text, sizeof text, names, 0, sizeof names[0]), "");
}

static void makes_words_of_paths(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"mnist", "mnist"},    {"./my photos 2/", "myphotos2"},
                                           {"/a/b.c-d", "bcd"},   {"/", "folder"},
                                           {"..", "folder"},      {"", "folder"},
                                           {"/x/tiny//", "tiny"}, {"scans-1.npz", "scans1"},
                                           {".npz", "npz"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char word[12];
        assert_string_equal(pd_path_word(word, sizeof word, cases[i][0]), cases[i][1]);
    }
    char shorter[4];
    assert_string_equal(pd_path_word(shorter, sizeof shorter, "abcdef"), "abc");
}

static const char *printable(const char *text)
{
    static char copy[64];
    snprintf(copy, sizeof copy, "%s", text);
    return pd_make_printable(copy);
}

/* What is a control in some alphabet, or no letter of any, must not reach a terminal; all else must. */
static void makes_text_printable(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"caf\u00e9 \u732b \U0001f431 ~", "caf\u00e9 \u732b \U0001f431 ~"},
        {"\u00a0\u2027\u202f\u2065\u206a", "\u00a0\u2027\u202f\u2065\u206a"}, /* beside the forbidden */
        {"\x1b[31mred\nok\r\t\x7f\a", "?[31mred?ok????"},
        {"\xc2\x9b"
         "2J\xc2\x85x",
         "?2J?x"}, /* C1: CSI, next line */
        {"a\u202eb\u2066c\u2069d\u200fe\u061c", "a?b?c?d?e?"},
        {"a\u2028b\u2029c", "a?b?c"},
        {"caf\xe9", "caf?"},                                       /* Latin-1 */
        {"\xc0\x9b\xe0\x82\x9b\xf0\x80\x82\x9b", "?????????"},     /* overlong */
        {"\xed\xa0\x80 \xf4\x90\x80\x80 \xff\xfe", "??? ???? ??"}, /* surrogate, beyond Unicode, none */
        {"\xe7\x8c", "??"},                                        /* cut off */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(printable(cases[i][0]), cases[i][1]);
}

static void fails_in_printable_words(void **state)
{
    (void)state;
    struct pd_error err;
    pd_fail(&err, PD_ERR_FORMAT, 7, "%s: bad", "x\033[2J\npaydirt: fine");
    assert_string_equal(err.message, "x?[2J?paydirt: fine: bad at offset 7");
}

static void hides_passwords(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://host/a@b.png and me@home", "http://host/a@b.png and me@home"},
        {"http://me:secret@host/x: 404", "http://***@host/x: 404"},
        {"https://token@host", "https://***@host"},
        {"ftp://a@b; https://me:p@ss@host:80/y", "ftp://*@b; https://***@host:80/y"},
        {"'http://me:se/cr?et@host/z'", "'http://***@host/z'"}, /* a password that should have been quoted */
        {"http://host:8080/a@b", "http://host:8080/a@b"},
        {"http://[::1]:80/a", "http://[::1]:80/a"},
        {"://@", "://@"},
        {"://", "://"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", cases[i][0]);
        assert_string_equal(pd_hide_passwords(text), cases[i][1]);
    }
    struct pd_error err;
    pd_fail(&err, PD_ERR_IO, -1, "%s: gone", "http://me:secret@host/");
    assert_string_equal(err.message, "http://***@host/: gone");
}

/* Each after a tab; half a hint would be another. */
static void hints_stand_behind_a_failure(void **state)
{
    struct pd_error err;
    char list[600];
    (void)state;
    memset(list, 'x', sizeof list);
    list[sizeof list - 1] = '\0';
    assert_int_equal(pd_hint(&err, pd_fail(&err, PD_ERR_USAGE, -1, "epochs '0'"), "epochs"), PD_ERR_USAGE);
    assert_string_equal(err.hint, "epochs");
    pd_hint(&err, PD_ERR_USAGE, "where these are classes: classes=%s", "a\tb,c\n");
    assert_string_equal(err.hint, "epochs\twhere these are classes: classes=a?b,c?");
    pd_hint(&err, PD_ERR_USAGE, "classes=%s", list);
    pd_hint(&err, PD_ERR_USAGE, "data=ftp://me:secret@host/");
    assert_string_equal(err.hint, "epochs\twhere these are classes: classes=a?b,c?\tdata=ftp://***@host/");
    assert_string_equal(err.message, "epochs '0'");
    assert_int_equal(pd_hint(NULL, PD_ERR_IO, "data"), PD_ERR_IO);
    pd_fail(&err, PD_ERR_IO, -1, "another");
    assert_string_equal(err.hint, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_words_of_paths),
        cmocka_unit_test(finds_the_nearest),
        cmocka_unit_test(walks_a_table),
        cmocka_unit_test(joins_within_bounds),
        cmocka_unit_test(makes_text_printable),
        cmocka_unit_test(fails_in_printable_words),
        cmocka_unit_test(hints_stand_behind_a_failure),
        cmocka_unit_test(hides_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
