#include "answers_report.h"

#include "base/mem.h"
#include "data/labels/class_words.h"
#include "data/labels/image_index.h"

#include <sys/stat.h>
#include <time.h>

static void reads_plain_rows(void **state)
{
    (void)state;
    assert_read(&photos, "image,label\nplain.png,cat\ncats/1.png,dog\n", "plain.png=cat\ncats/1.png=dog\n?0");
    assert_read(&photos, "score,label,image\n1,0,plain.png\n2,skip,b c.png\n3,,größe.png\n",
                "plain.png=cat\nb c.png=skip\n?1");
    assert_read(&numbers, "image,label\n7,19\n99, 0 \n8,skip\n", "7=19\n99=0\n8=skip\n?0");
    assert_read(&photos, "image,label\nplain.png, \t\v\f\ncats/1.png,\v dog\f\n", "cats/1.png=dog\n?1");
    assert_read(&photos, "image,label\n", "?0");
}

static void reads_what_spreadsheets_write(void **state)
{
    (void)state;
    assert_read(&photos, "sep=;\r\nimage;label\r\nplain.png;cat\r\nb c.png;dgo\r\n", /* Excel's */
                "plain.png=cat\n!4 unknown class 'dgo', did you mean 'dog'?\n?0");
    assert_read(&photos, "\xef\xbb\xbfsep=,\nimage,label\nplain.png,cat\n", "plain.png=cat\n?0");
    assert_read(&photos, "sep=\t\nimage\tlabel\nplain.png\tcat\n", "plain.png=cat\n?0");
    assert_read(&photos, "sep=;,image,label\n1,plain.png,cat\n", "plain.png=cat\n?0"); /* a column's name */
    assert_read(&photos,
                "\xef\xbb\xbfimage,label\r\n\"x, \"\"y\"\".png\",\"a, \"\"b\"\"\"\r\ngröße.png,Vögel\r\n",
                "x, \"y\".png=a, \"b\"\ngröße.png=Vögel\n?0");
    assert_read(&photos, "image;label;score\nplain.png;cat;0,5\n", "plain.png=cat\n?0");
    assert_read(&photos, "image\tlabel\nplain.png\tcat\n", "plain.png=cat\n?0");
    assert_read(&photos, "Label , IMAGE\rdog , b c.png\r", "b c.png=dog\n?0");
    assert_read(&photos, "\n\nimage,label\n\nplain.png,cat\n,\n\n", "plain.png=cat\n?0");
}

/* Names on a Mac are decomposed; the first image here is, the second is not, the last two are both. */
static void images_are_found_in_either_form_of_unicode(void **state)
{
    (void)state;
    static const char *names[] = {"u\xcc\x88.png", "a/\xc3\xb6 1.png", "x/e\xcc\x81.png", "y/\xc3\xa9.png",
                                  "e\xcc\x81.png", "\xc3\xa9.png",     "\xff.png"};
    struct pd_dataset d = {.name = "mac", .count = 7, .classes = 1, .image_names = names};
    struct pd_image_index index;
    static const struct {
        const char *text;
        int64_t image;
    } cases[] = {{"\xc3\xbc.png", 0},           {"u\xcc\x88.png", 0},
                 {"/photos/\xc3\xbc.png", 0},   {"o\xcc\x88 1.png", 1},
                 {"C:\\a\\o\xcc\x88 1.png", 1}, {"https://h/a/o%CC%88%201.png?x=1", 1},
                 {"e\xcc\x81.png", 4},          {"\xc3\xa9.png", 5},
                 {"x/\xc3\xa9.png", 5}, /* the longest name that it ends with, as it is written */
                 {"u.png", PD_IMAGE_UNKNOWN},   {"\xfe.png", PD_IMAGE_UNKNOWN}};
    assert_int_equal(pd_image_index_init(&index, &d, NULL), PD_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (pd_image_find(&index, cases[i].text) != cases[i].image)
            fail_msg("'%s' is %lld", cases[i].text, (long long)pd_image_find(&index, cases[i].text));
    pd_image_index_release(&index);
    names[0] = "E\xcc\x81\xcc\xa7.png"; /* two marks in either order are one letter */
    names[1] = "E\xcc\xa7\xcc\x81.png";
    assert_int_equal(pd_image_index_init(&index, &d, NULL), PD_OK);
    assert_int_equal(pd_image_find(&index, "\xc8\xa8\xcc\x81.png"), PD_IMAGE_AMBIGUOUS);
    pd_image_index_release(&index);
}

/* The image of each refused row, where the words do not name it. */
static void refusals_name_the_image(void **state)
{
    (void)state;
    static const struct {
        const char *text, *image;
    } cases[] = {
        {"image,label\nplain.png,dgo\n", "plain.png"},
        {"image,label\nplain.png,cat,dog\n", "plain.png"},
        {"label,image\ncat\n", ""},
        {"image,label\nnowhere.png,cat\n", ""},              /* unknown image 'nowhere.png' */
        {"image,label\nplain.png,cat\n\"b c.png,dog\n", ""}, /* half a row, not plain.png's */
        {"[{\"image\":\"plain.png\",\"choice\":[\"cat\",\"dog\"]}]", "plain.png"},
        {"[{\"data\":{\"image\":\"b c.png\"},\"annotations\":[7]}]", "b c.png"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pd_answers a;
        assert_int_equal(pd_answers_parse(cases[i].text, strlen(cases[i].text), "answers", &photos, &a, NULL),
                         PD_OK);
        assert_int_equal(a.refused_count, 1);
        assert_string_equal(a.refused[0].image, cases[i].image);
        pd_answers_release(&a);
    }
}

static void refuses_row_by_row(void **state)
{
    (void)state;
    assert_read(&photos,
                "image,label\n"
                "plain.png,dgo\n"
                "nowhere.png,cat\n"
                "b c.png,cat\n"
                "plain.png\n"
                "plain.png,cat,2\n"
                "1.png,cat\n"
                "plain.png,zeppelin\n"
                "plain.png,5\n",
                "b c.png=cat\n"
                "!2 unknown class 'dgo', did you mean 'dog'?\n"
                "!3 unknown image 'nowhere.png'\n"
                "!5 1 column, expected 2\n"
                "!6 3 columns, expected 2\n"
                "!7 several images may be '1.png'\n"
                "!8 unknown class 'zeppelin', expected one of 5, from 'cat' to 'caterpillar', or skip\n"
                "!9 unknown class '5', expected one of 5, from 'cat' to 'caterpillar', or skip\n?0");
    assert_read(&numbers, "image,label\n101,1\n-1,1\n1,20\n1,skp\n99999999999999999999,1\n2,2\n",
                "2=2\n"
                "!2 unknown image '101'\n"
                "!3 unknown image '-1'\n"
                "!4 unknown class '20', expected 0 to 19, or skip\n"
                "!5 unknown class 'skp', expected 0 to 19, or skip\n"
                "!6 unknown image '99999999999999999999'\n?0");
    struct pd_dataset some = photos;
    some.drawn_of = 50;
    assert_read(&some, "image,label\nnowhere.png,cat\nplain.png,cat\n",
                "plain.png=cat\n!2 unknown image 'nowhere.png': not among the 6 drawn of 50\n?0");
}

static void counts_lines_as_editors_do(void **state)
{
    (void)state;
    assert_read(
        &photos, "image,label,note\r\nplain.png,cat,\"two\r\nlines\"\r\n\r\nb c.png,x,\r\n",
        "plain.png=cat\n!5 unknown class 'x', expected one of 5, from 'cat' to 'caterpillar', or skip\n?0");
}

static void quotes_no_control_characters(void **state)
{
    (void)state;
    assert_read(&photos, "image,label\n\x1b[2J\xff\xc3.png,cat\n\"a\nb\",cat\n",
                "!2 unknown image '?[2J??.png'\n!3 unknown image 'a?b'\n?0");
    char text[400] = "image,label\n";
    for (int i = 0; i < 100; i++)
        strcat(text, "ü");
    const char *report = read_as(&photos, strcat(text, "x,cat\n"));
    assert_contains(report, "üüü'");
}

static void refuses_what_was_cut_off(void **state)
{
    (void)state;
    assert_read(&photos, "image,label,score\nplain.png,cat,1\nb c.p",
                "plain.png=cat\n!3 cut off: 1 column, expected 3\n?0");
    assert_read(&photos, "image,label\nplain.png,cat\n\"b c.p",
                "plain.png=cat\n!3 cut off: a quote is opened and never closed\n?0");
    assert_read(&photos, "image,label,note\nplain.png,cat,\"big\nb c.png,dog,small\"\n",
                "answers: line 2: a quote is opened there and not closed before rows further down");
    assert_read(&photos, "image,label,note\nplain.png,cat,\"seen on\nb c.png, High Street\"\n",
                "plain.png=cat\n?0");
    assert_read(&photos, "image,label,note\nplain.png,cat,\"size:\nb c.png,12,12\"\nb c.png,dog,\n",
                "plain.png=cat\nb c.png=dog\n?0");
    assert_read(&photos, "image,label,note\nplain.png,cat,\"big\nb c.png,dog,\n",
                "!2 cut off: a quote is opened and never closed: nothing from there to line 3, the last, is "
                "read\n?0");
    assert_read(&photos, "image,label\nplain.png,dog", "plain.png=dog\n?0");
    assert_read(&photos, "image,label\nplain.png,cat",
                "!2 may be cut off: no line end after 'cat', which begins longer names\n?0");
    assert_read(&photos, "image,label\nplain.png, cat",
                "!2 may be cut off: no line end after ' cat', which begins longer names\n?0");
    assert_read(&numbers, "label,image\n1,9",
                "!2 may be cut off: no line end after '9', which begins longer names\n?0");
    assert_read(&numbers, "label,image,score\n1,9,0.", "9=1\n?0");
}

static void cuts_never_make_a_wrong_answer(void **state)
{
    (void)state;
    static const int32_t right[] = {-1, -1, 1, 3, -1, 4};
    const char *whole =
        "image,label\nplain.png,caterpillar\n\"x, \"\"y\"\".png\",\"a, \"\"b\"\"\"\nb c.png,dog\n";
    size_t header = strcspn(whole, "\n") + 1, size = header, rows = 0;
    for (; size <= strlen(whole); size++) {
        struct pd_answers a;
        assert_int_equal(pd_answers_parse(whole, size, "cut", &photos, &a, NULL), PD_OK);
        for (size_t i = 0; i < a.count; i++)
            assert_int_equal(a.at[i].label, right[a.at[i].image]);
        assert_int_equal(a.count + a.refused_count + a.blank, rows + (whole[size - 1] != '\n'));
        rows += whole[size] == '\n';
        pd_answers_release(&a);
    }
    assert_int_equal(rows, 3);
}

/* A spreadsheet sorts the chosen columns alone. */
static void columns_that_were_sorted_apart_are_refused(void **state)
{
    (void)state;
    assert_read(
        &photos,
        "image,label,number,path\nplain.png,cat,1,/x/photos/plain.png\ncats/1.png,dog,2,/x/dogs/1.png\n"
        "dogs/1.png,,2,/x/cats/1.png\nb c.png,dog,3,\ngröße.png,cat,4,D:\\elsewhere.png\n",
        "plain.png=cat\nb c.png=dog\ngröße.png=cat\n"
        "!3 image 'cats/1.png' beside '/x/dogs/1.png': were the columns sorted apart?\n?1");
}

static void conflicts_refuse_every_row_of_the_image(void **state)
{
    (void)state;
    assert_read(&photos,
                "image,label\nplain.png,cat\nb c.png,dog\nplain.png,dog\nb c.png,dog\nplain.png,cat\n",
                "b c.png=dog\n"
                "!2 image 'plain.png' has conflicting labels: 'cat' in line 2, 'dog' in 4\n"
                "!4 image 'plain.png' has conflicting labels: 'cat' in line 2, 'dog' in 4\n"
                "!6 image 'plain.png' has conflicting labels: 'cat' in line 2, 'dog' in 4\n?0");
    assert_read(&photos, "image,label\nplain.png,skip\nplain.png,dog\nb c.png,skip\nb c.png,skip\n",
                "plain.png=dog\nb c.png=skip\n?0");
}

static void a_class_that_outranks_a_skip_is_said(void **state)
{
    (void)state;
    static const char text[] = "image,label\nplain.png,skip\nb c.png,cat\nplain.png,dog\nb c.png,skip\n";
    static const char other[] = "image,label\nplain.png,skip\nb c.png,cat\nplain.png,skip\n";
    struct pd_answers a;
    assert_int_equal(pd_answers_parse(text, sizeof text - 1, "answers", &photos, &a, NULL), PD_OK);
    assert_int_equal(a.outranked, 2);
    assert_string_equal(a.first_outranked, "'plain.png' as 'dog'");
    pd_answers_release(&a);
    assert_int_equal(pd_answers_parse(other, sizeof other - 1, "answers", &photos, &a, NULL), PD_OK);
    assert_int_equal(a.outranked, 0);
    pd_answers_release(&a);
}

static void finds_images_by_path_and_url(void **state)
{
    (void)state;
    static const struct {
        const char *image, *found;
    } cases[] = {
        {"/home/me/photos/cats/1.png", "cats/1.png=dog\n?0"},
        {"dogs\\1.png", "dogs/1.png=dog\n?0"},
        {"http://host:8080/pictures/cats/1.png?size=2", "cats/1.png=dog\n?0"},
        {"/data/local-files/?d=photos/b%20c.png", "b c.png=dog\n?0"},
        {"/data/local-files/?d=b%20c.png&x=1", "b c.png=dog\n?0"},
        {"/data/local-files/?d=gr%C3%B6%C3%9fe.png", "größe.png=dog\n?0"},
        {"/data/upload/3/0a1b2c3d-plain.png", "plain.png=dog\n?0"},
        {"images/1/0a1b2c3d-plain.png", "plain.png=dog\n?0"}, /* as exports to COCO have it */
        {"0a1b2c3d-plain.png", "plain.png=dog\n?0"},
        {"20240131-plain.png", "!2 unknown image '20240131-plain.png'\n?0"},
        {"/data/upload/3/0a1b2c3d-1.png", "!2 several images may be '/data/upload/3/0a1b2c3d-1.png'\n?0"},
        {"birds/1.png", "!2 unknown image 'birds/1.png'\n?0"},
        {"ain.png", "!2 unknown image 'ain.png'\n?0"},
        {"xplain.png", "!2 unknown image 'xplain.png'\n?0"},
        {"/", "!2 unknown image '/'\n?0"},
        {"%", "!2 unknown image '%'\n?0"},
        {"", "!2 unknown image ''\n?0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "image,label\n%s,dog\n", cases[i].image);
        assert_read(&photos, text, cases[i].found);
    }
    const char *nested[] = {"a.png", "photos/a.png"};
    const struct pd_dataset twice = {
        .name = "twice", .count = 2, .classes = 20, .labels = labels, .image_names = nested};
    assert_read(&twice, "image,label\na.png,1\n", "a.png=1\n?0");
    assert_read(&twice, "image,label\n/x/photos/a.png,1\n", "photos/a.png=1\n?0");
    assert_read(&twice, "image,label\n/x/a.png,1\n", "a.png=1\n?0");
    assert_read(&twice, "image,label\nC:\\me\\photos\\a.png,1\n", "photos/a.png=1\n?0");
    assert_read(&twice, "image,label\nhttps://host/photos%2Fa.png?x=1,1\n", "photos/a.png=1\n?0");
    const char *const same[] = {"/data/local-files/?d=photos/a.png",
                                "http://h/data/local-files/?d=photos/a.png",
                                "https://h/photos/a.png?url=/b/a.png",
                                "photos//a.png",
                                "photos/./a.png",
                                "photos\\\\a.png"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        char text[256];
        snprintf(text, sizeof text, "image,label\n%s,1\n", same[i]);
        assert_read(&twice, text, "photos/a.png=1\n?0");
    }
}

/* A data set of these classes and image "x"; what "x" with this label is read as, and the note. */
static const char *read_class(const char *const *names, int classes, const char *label, const char **note)
{
    static char text[PD_CLASS_NAME_SIZE + 64], class[PD_CLASS_NAME_SIZE], words[256];
    static char table[8][PD_CLASS_NAME_SIZE];
    static const char *image[] = {"x"};
    struct pd_answers a;
    for (int i = 0; i < classes; i++)
        snprintf(table[i], sizeof table[i], "%s", names[i]);
    const struct pd_dataset d = {.name = "d",
                                 .count = 1,
                                 .classes = classes,
                                 .labels = labels,
                                 .class_names = table,
                                 .image_names = image};
    snprintf(text, sizeof text, "image,label\nx,\"%s\"\n", label);
    assert_int_equal(pd_answers_parse(text, strlen(text), "answers", &d, &a, NULL), PD_OK);
    snprintf(class, sizeof class, "%s",
             a.refused_count                   ? "refused"
             : a.at[0].label == PD_ANSWER_SKIP ? "skip"
                                               : table[a.at[0].label]);
    snprintf(words, sizeof words, "%s", a.note);
    *note = words;
    pd_answers_release(&a);
    return class;
}

static void other_columns_of_labels_are_named(void **state)
{
    (void)state;
    static const char text[] = "image,label,notes,Label (Ben)\nplain.png,Cat,x,dog\n";
    struct pd_answers a;
    assert_int_equal(pd_answers_parse(text, sizeof text - 1, "answers", &photos, &a, NULL), PD_OK);
    assert_int_equal(a.count, 1);
    assert_string_equal(a.note, "column 'Label (Ben)' is not read, 'Cat' is 'cat'");
    pd_answers_release(&a);
}

/* Two cameras number their images alike. */
static void images_of_another_folder_are_counted(void **state)
{
    (void)state;
    static const char text[] = "image,label\ncam2/plain.png,cat\nC:\\photos\\plain.png,cat\n./plain.png,cat\n"
                               "https://h/x/plain.png,cat\n/data/local-files/?d=Photos/b%20c.png,dog\n"
                               "1/größe.png,dog\ncats/1.png,dog\nnew/dogs/1.png,\n";
    struct pd_answers a;
    assert_int_equal(pd_answers_parse(text, sizeof text - 1, "answers", &photos, &a, NULL), PD_OK);
    assert_int_equal(a.count, 4);
    assert_int_equal(a.elsewhere, 2);
    assert_string_equal(a.first_elsewhere, "'cam2/plain.png' for 'plain.png'");
    pd_answers_release(&a);
    struct pd_dataset d = photos; /* unpacked since: the run's own names are no other folder's */
    const char *was[] = {"pool/1.png", "pool/2.png"}, *now[] = {"1.png", "2.png"};
    static const char rows[] = "image,label\npool/1.png,cat\n2.png,cat\n";
    d.count = 2;
    d.image_names = was;
    d.file_names = now;
    assert_int_equal(pd_answers_parse(rows, sizeof rows - 1, "answers", &d, &a, NULL), PD_OK);
    assert_int_equal(a.count, 2);
    assert_int_equal(a.elsewhere, 0);
    pd_answers_release(&a);
}

static void what_a_network_thinks_is_named(void **state)
{
    (void)state;
    static const char text[] = "image,label,class,p\nplain.png,,cat,0.9\n",
                      taken[] = "image,label,class,p\nplain.png,dog,cat,0.9\n";
    struct pd_answers a;
    assert_int_equal(pd_answers_parse(text, sizeof text - 1, "answers", &photos, &a, NULL), PD_OK);
    assert_contains(a.note, "column 'class' is not read, and 'label' is empty");
    pd_answers_release(&a);
    assert_int_equal(pd_answers_parse(taken, sizeof taken - 1, "answers", &photos, &a, NULL), PD_OK);
    assert_string_equal(a.note, "");
    pd_answers_release(&a);
}

/* An absolute path says more than a name where it is there. */
/* One that is out of range says what the others mean. */
static void numbers_from_1_are_refused(void **state)
{
    (void)state;
    struct pd_answers a;
    char text[256];
    for (int from = 0; from < 2; from++) { /* photos has 5 classes */
        snprintf(text, sizeof text, "image,label\nplain.png,1\nb c.png,5\ngröße.png,%s\n",
                 from ? "cat" : "0");
        assert_int_equal(pd_answers_parse(text, strlen(text), "answers", &photos, &a, NULL), PD_OK);
        assert_int_equal(a.count, from ? 1 : 2);
        assert_int_equal(a.refused_count, from ? 2 : 1);
        assert_string_equal(a.note, from ? "" : "'1' is 'dog', '0' is 'cat'"); /* of what is taken alone */
        if (from)
            assert_non_null(strstr(a.refused[0].words,
                                   "the number 1: classes are numbered from 0, and other rows from 1 to 5"));
        pd_answers_release(&a);
    }
}

static void images_that_are_counted_from_1_are_refused(void **state)
{
    (void)state;
    assert_read(&numbers, "image,label\n1,3\n100,4\n",
                "!2 image 1: images are numbered from 0, and other rows from 1 to 100\n"
                "!3 unknown image '100'\n?0");
    assert_read(&numbers, "image,label\n0,3\n1,3\n100,4\n", "0=3\n1=3\n!4 unknown image '100'\n?0");
}

/* A task that was changed, or put together by hand. */
static void the_picture_that_was_shown_counts(void **state)
{
    (void)state;
    assert_read(
        &photos,
        "[{\"data\": {\"image\": \"/data/local-files/?d=j/b c.png\", \"paydirt_image\": \"plain.png\"},"
        " \"annotations\": [{\"result\": [{\"type\": \"choices\", \"from_name\": \"choice\","
        " \"value\": {\"choices\": [\"cat\"]}}]}]}]",
        "!1 image 'plain.png' beside '/data/local-files/?d=j/b c.png': were the columns sorted apart?\n?0");
    assert_read(
        &photos,
        "image,paydirt_image,label\n/data/upload/1/b c.png,plain.png,cat\nx/plain.png,plain.png,cat\n",
        "plain.png=cat\n!2 image 'plain.png' beside '/data/upload/1/b c.png': were the columns sorted "
        "apart?\n?0");
}

static void looks_at_the_file_that_is_named(void **state)
{
    (void)state;
    static const char *files[] = {"a/1.png", "a/2.png", "b/1.png", "copy/1.png"};
    const char *names[] = {"1.png", "2.png"}, *now[] = {"2.png", "1.png"};
    char text[4096], folder[256], other[256], copy[256], all[1024];
    for (int i = 0; i < 4; i++) {
        if (i != 1)
            assert_int_equal(mkdir(scratch_path((const char *[]){"a", "", "b", "copy"}[i]), 0777), 0);
        scratch_write(scratch_path(files[i]), i == 3 ? "1" : &"123"[i], 1);
    }
    snprintf(folder, sizeof folder, "%s", scratch_path("a"));
    snprintf(other, sizeof other, "%s", scratch_path("b"));
    snprintf(copy, sizeof copy, "%s", scratch_path("copy"));
    struct pd_dataset d = photos;
    d.name[0] = '\0';
    d.count = 2;
    d.image_names = names;
    d.folder = folder;
    snprintf(all, sizeof all, "%s/1.png,cat\n%s/2.png,dog\n", copy, folder);
    snprintf(text, sizeof text, "image,label\n%s", all);
    assert_read(&d, text, "1.png=cat\n2.png=dog\n?0");
    snprintf(text, sizeof text, "image,label,path\n1.png,cat,%s/1.png\n2.png,dog,/not/here/2.png\n", other);
    struct pd_answers a;
    assert_int_equal(pd_answers_parse(text, strlen(text), "answers", &d, &a, NULL), PD_OK);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.at[0].image, 1);
    assert_non_null(
        strstr(a.refused[0].words, "is there, and another picture than image '1.png' of this run"));
    pd_answers_release(&a);
    d.file_names = now; /* swapped since: 1.png is 2.png by now */
    snprintf(text, sizeof text, "image,label,path\n1.png,cat,\n2.png,dog,%s/1.png\n1.png,dog,%s/1.png\n",
             folder, folder);
    assert_int_equal(pd_answers_parse(text, strlen(text), "answers", &d, &a, NULL), PD_OK);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.at[0].image, 1);
    assert_int_equal(a.refused_count, 2);
    assert_non_null(strstr(a.refused[0].words, "'1.png' was an image's name that is '2.png' by now"));
    assert_non_null(strstr(a.refused[1].words, "another picture than image '1.png'"));
    pd_answers_release(&a);
}

/* {FOLDER} is the folder in which the files are called x.png, 1.png, cam1/1.png, b.png and c.png. */
static void the_name_of_now_counts(void **state)
{
    (void)state;
    static const char *const now[] = {"2021/x.png", "x.png", "1.png", "cam1/1.png", "c.png", "b.png"};
    const char *names[] = {"2021/x.png", "new.png", "1.png", "cam1_1.png", "b.png", "c.png"};
    const char *files[6],
        *report[] = {"x.png,,,cat\n",
                     "new.png=cat\n?0", /* not the end of 2021/x.png */
                     "{FOLDER}/x.png,,,cat\n",
                     "new.png=cat\n?0",
                     "cam1/1.png,,,cat\n",
                     "cam1_1.png=cat\n?0", /* does not end with 1.png */
                     "{FOLDER}/b.png,,,cat\n",
                     "c.png=cat\n?0", /* the file, whatever it was */
                     "b.png,{FOLDER}/c.png,,cat\n",
                     "b.png=cat\n?0",
                     "b.png,c.png,,cat\n",
                     "b.png=cat\n?0", /* in an archive */
                     "/x/?d=photos/c.png,,b.png,cat\n",
                     "b.png=cat\n?0",
                     "c.png,,b.png,cat\n",
                     "b.png=cat\n?0",
                     "b.png,,b.png,cat\n",
                     ("!2 'b.png' was an image's name that is 'c.png' by now, and is another's: give "
                      "the full path of the one that is meant\n?0"),
                     "x.png,,b.png,cat\n",
                     "!2 image 'b.png' beside 'x.png': were the columns sorted apart?\n?0"};
    char folder[256], text[1024];
    snprintf(folder, sizeof folder, "%s", scratch_path("now"));
    static const char *const folders[] = {"now", "now/2021", "now/cam1"};
    for (int i = 0; i < 3; i++)
        assert_int_equal(mkdir(scratch_path(folders[i]), 0777), 0);
    for (int i = 0; i < 6; i++) {
        char below[32];
        snprintf(below, sizeof below, "now/%s", files[i] = now[i]);
        scratch_write(scratch_path(below), &"123456"[i], 1);
    }
    struct pd_dataset d = photos;
    d.count = 6;
    d.image_names = names;
    d.folder = folder;
    d.file_names = files;
    for (size_t i = 0; i < sizeof report / sizeof report[0]; i += 2) {
        const char *at = strstr(report[i], "{FOLDER}");
        const int n = at ? (int)(at - report[i]) : 0;
        snprintf(text, sizeof text, "image,path,paydirt_image,label\n%.*s%s%s", n, report[i],
                 at ? folder : "", at ? at + 8 : report[i]);
        assert_read(&d, text, report[i + 1]);
    }
    const struct pd_query query = {.image = 4, .guess = -1};
    const char *sheet = scratch_path("now.csv"), *tasks = scratch_path("now.json");
    assert_int_equal(pd_queries_write_csv(sheet, &d, NULL, &query, 1, NULL), PD_OK);
    assert_int_equal(pd_queries_write_label_studio(tasks, &d, NULL, &query, 1, NULL), PD_OK);
    char *written = scratch_read(sheet, NULL);
    assert_non_null(strstr(written, "\nb.png,,0,,,1,c.png\n"));
    free(written);
    written = scratch_read(tasks, NULL);
    assert_non_null(strstr(written, "\"image\": \"c.png\", \"paydirt_image\": \"b.png\""));
    free(written);
    static const char own[] = "image,label\nx.png,cat\nb.png,dog\nc.png,cat\n"; /* x.png by hand */
    scratch_write(sheet, own, strlen(own));
    struct pd_answers a;
    assert_int_equal(pd_answers_read_own(sheet, &d, &a, NULL), PD_OK);
    assert_int_equal(a.count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(a.at[i].image == (i ? 3 + i : 1) && a.at[i].outdated == (i > 0));
    pd_answers_release(&a);
    /* another run's answers: paydirt_image is none here, or an image that is not meant */
    d.image_names = files;
    d.file_names = NULL;
    snprintf(text, sizeof text,
             "image,path,paydirt_image,label\nc.png,%s/c.png,b.png,cat\nx.png,,new.png,dog\n", folder);
    assert_read(&d, text, "c.png=cat\nx.png=dog\n?0");
}

static void finds_classes_as_people_write_them(void **state)
{
    (void)state;
    static const char *const tumours[] = {"glioma", "no_tumor", "pituitary gland"};
    static const char *const padded[] = {"001", "002", "010"};
    static const char *const arabic[] = {"\u0661", "\u0662", "\u0663"};
    static const char *const wide[] = {"\uff11", "\uff12"};
    static const char *const roman[] = {"grade I", "grade II", "grade III"};
    static const char *const counted[] = {"One", "Two", "third"};
    static const char *const romans[] = {"I", "V", "X"}; /* letters, as A and B */
    static const char *const zeros[] = {"one", "zero"};
    static const char *const phrases[] = {"first aid", "one-way"};
    static const char *const letters[] = {"o", "x", "y"};
    static const char *const fruit[] = {"Äpfel", "E\xcc\x81te\xcc\x81", "STRASSE"}; /* the second in NFD */
    static const char *const twins[] = {"Cat", "cat", "\xc3\xa9", "e\xcc\x81", "x", "x ", "nan"};
    static const char *const mixed[] = {"1", "01", "Skip", "a-b", "a b"};
    static const char *const grouped[] = {"1", "2", "1000", "3000000"};
    static const struct {
        const char *const *names;
        int classes;
        const char *label, *class, *note;
    } cases[] = {
        {tumours, 3, "NO_TUMOR", "no_tumor", "'NO_TUMOR' is 'no_tumor'"},
        {tumours, 3, " glioma ", "glioma", ""},
        {tumours, 3, "No Tumor", "no_tumor", "'No Tumor' is 'no_tumor'"},
        {tumours, 3, "no-tumor", "no_tumor", "'no-tumor' is 'no_tumor'"},
        {tumours, 3, "pituitary_\xc2\xa0 Gland\xc2\xa0", "pituitary gland", NULL},
        {tumours, 3, "notumor", "refused", ""},
        {tumours, 3, "1", "no_tumor", "'1' is 'no_tumor'"},
        {tumours, 3, "3", "refused", ""},
        {tumours, 3, "SKIP", "skip", ""},
        {arabic, 3, "1", "refused", ""},
        {arabic, 3, "\u0661", "\u0661", ""},
        {wide, 2, "0", "refused", ""},
        {wide, 2, "1", "\uff11", "'1' is '\uff11'"},
        {roman, 3, "1", "refused", ""},
        {roman, 3, "GRADE ii", "grade II", "'GRADE ii' is 'grade II'"},
        {counted, 3, "1", "refused", ""},
        {letters, 3, "1", "x", "'1' is 'x'"},
        {romans, 3, "1", "V", "'1' is 'V'"},
        {zeros, 2, "1", "refused", ""},
        {phrases, 2, "1", "one-way", "'1' is 'one-way'"},
        {padded, 3, "1", "001", "'1' is '001'"},
        {padded, 3, "2.0", "002", "'2.0' is '002'"},
        {padded, 3, "002", "002", ""},
        {padded, 3, "0", "refused", ""},
        {padded, 3, "3", "refused", ""},
        {padded, 3, "-1", "refused", ""},
        {padded, 3, "1.5", "refused", ""},
        {padded, 3, "10", "010", "'10' is '010'"},
        {fruit, 3, "ÄPFEL", "Äpfel", "'ÄPFEL' is 'Äpfel'"},
        {fruit, 3, "A\xcc\x88pfel", "Äpfel", NULL}, /* NFD */
        {fruit, 3, "\xc3\x89t\xc3\xa9", "E\xcc\x81te\xcc\x81", NULL},
        {fruit, 3, "Straße", "STRASSE", "'Straße' is 'STRASSE'"},
        {fruit, 3, "Apfel", "refused", ""},
        {fruit, 3, "\xef\xbc\xb3trasse\xe3\x80\x80", "STRASSE", NULL}, /* letter and blank of full width */
        {fruit, 3, "\xc4pfel", "refused", ""},                         /* Latin-1 */
        {fruit, 3, "nan", "refused", ""},
        {twins, 7, "Cat", "Cat", ""},
        {twins, 7, " cat ", "cat", ""},
        {twins, 7, "CAT", "refused", ""},
        {twins, 7, "\xc3\xa9", "\xc3\xa9", ""},
        {twins, 7, "e\xcc\x81", "e\xcc\x81", ""},
        {twins, 7, "\xc3\x89", "refused", ""},
        {twins, 7, "x ", "x ", ""},
        {twins, 7, "x", "x", ""},
        {twins, 7, " x", "refused", ""},
        {twins, 7, "X", "refused", ""},
        {twins, 7, "nan", "nan", ""},
        {twins, 7, "NaN", "nan", "'NaN' is 'nan'"},
        {mixed, 5, "1", "1", ""},
        {mixed, 5, "001", "refused", ""},
        {mixed, 5, "skip", "skip", ""},
        {mixed, 5, "Skip", "Skip", ""},
        {mixed, 5, "A-B", "refused", ""},
        {mixed, 5, "a b", "a b", ""},
        {mixed, 5, "2", "refused", ""},
        {grouped, 4, "1.0", "1", "'1.0' is '1'"},
        {grouped, 4, "1,000", "refused", ""}, /* a spreadsheet's thousand, or 1 */
        {grouped, 4, "1.000", "refused", ""},
        {grouped, 4, "2,000", "2", "'2,000' is '2'"},
        {grouped, 4, "3,000,000", "refused", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *note, *class = read_class(cases[i].names, cases[i].classes, cases[i].label, &note);
        if (strcmp(class, cases[i].class) != 0 || (cases[i].note && strcmp(note, cases[i].note) != 0))
            fail_msg("'%s' is read as '%s', \"%s\"", cases[i].label, class, note);
    }
    struct pd_dataset d = photos;
    char names[7][PD_CLASS_NAME_SIZE];
    for (int i = 0; i < 7; i++)
        snprintf(names[i], sizeof names[i], "%s", twins[i]);
    d.class_names = names;
    d.classes = 6;
    assert_read(&d, "image,label\nplain.png,cAT\nb c.png,none\n",
                "!2 several classes may be 'cAT', as 'Cat' and 'cat': expected one of them letter by letter\n"
                "!3 unknown class 'none': leave the label empty where there is no answer, or write skip\n?0");
    assert_read(&numbers, "image,label\n7,3.0\n8,1.\n9,1.5\n10,20.0\n",
                "7=3\n8=1\n!4 unknown class '1.5', expected 0 to 19, or skip\n"
                "!5 unknown class '20.0', expected 0 to 19, or skip\n?0");
    assert_read(&photos, ",,\nimage,label,note\nplain.png,cat,\n\xef\xbb\xbfimage,label,note\nb c.png,dog,\n",
                "plain.png=cat\nb c.png=dog\n?0"); /* one file behind another */
    assert_read(&photos, "image,label\nplain.png,Cat",
                "!2 may be cut off: no line end after 'Cat', which begins longer names\n?0");
}

/* 1 is usually the other one. */
static void no_number_where_it_may_mean_either(void **state)
{
    (void)state;
    static char names[2][PD_CLASS_NAME_SIZE] = {"Yes", "No"};
    struct pd_dataset d = {.name = "p", .count = 1, .classes = 2, .class_names = names};
    assert_read(&d, "image,label\n0,1\n",
                "!2 unknown class '1', expected one of 2, from 'Yes' to 'No', or skip\n?0");
    snprintf(names[0], sizeof names[0], "No");
    snprintf(names[1], sizeof names[1], "Yes");
    assert_read(&d, "image,label\n0,1\n", "0=Yes\n?0");
}

/* Names of classes that one may take for another are named when the data set is opened. */
static void names_twins(void **state)
{
    (void)state;
    static const struct {
        const char *names[4];
        const char *note;
    } cases[] = {
        {{"Cat", "cat", "dog"}, "p: 'Cat' and 'cat' are two classes: they differ in case alone\n"},
        {{"dog", "ÄPFEL", "äpfel"}, "p: 'ÄPFEL' and 'äpfel' are two classes: they differ in case alone\n"},
        {{"\xc3\xa9", "e\xcc\x81"}, "are two classes: they differ in Unicode's form (NFC, NFD) alone\n"},
        {{"OK", "\xef\xbc\xaf\xef\xbc\xab"},
         "differ in the width of letters, or what does not show, alone\n"},
        {{"cat", "ca\xe2\x80\x8bt"}, "differ in the width of letters, or what does not show, alone\n"},
        {{"x", "x "}, "p: 'x' and 'x ' are two classes: they differ in blanks around them alone\n"},
        {{"x", "1", "10", "01"},
         "p: '1' and '01' are two classes: they differ in how a number is written alone\n"},
        {{"no_tumor", "No tumor"},
         "'No tumor' are two classes: they differ in blanks, '_', '-' and case alone\n"},
        {{"A", "a", "b", "B"},
         "p: 'A' and 'a' are two classes: they differ in case alone, beside 1 more pair\n"},
        {{"cat", "NaN"}, "p: 'NaN' is taken for a class; where it stands for no label, leave that empty\n"},
        {{"0", "1", "-1"}, "p: '-1' is taken for a class; where it stands for no label, leave that empty\n"},
        {{"0.0", "1.0", "-1.0"},
         "p: '-1.0' is taken for a class; where it stands for no label, leave that empty\n"},
        {{"cat", "?"}, "p: '?' is taken for a class; where it stands for no label"},
        {{"cat", "skip"}, "p: a class is called 'skip', which as an answer stands for no label: rename it\n"},
        {{"cat", " dog"}, "p: the class ' dog' has blanks around its name\n"},
        {{"-1", "0", "1"}, "in arrays the number 0 stands for class '-1', in answers for '0'\n"},
        {{"1", "3", "two"}, "in arrays the number 1 stands for class '3', in answers for '1'\n"},
        {{"Abnormal", "normal"}, "in arrays the number 0 stands for class 'Abnormal'\n"},
        {{"No", "Yes", "2020"}, NULL},
        {{"cat", "dog", "cats", "bird"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char names[4][PD_CLASS_NAME_SIZE], note[PD_NOTE_SIZE] = "";
        int n = 0;
        for (; n < 4 && cases[i].names[n]; n++)
            snprintf(names[n], sizeof names[n], "%s", cases[i].names[n]);
        assert_int_equal(pd_class_words_note("p", (const char(*)[PD_CLASS_NAME_SIZE])names, n, note, NULL),
                         PD_OK);
        if (cases[i].note)
            assert_contains(note, cases[i].note);
        else
            assert_string_equal(note, "");
    }
}

static void refuses_other_files(void **state)
{
    (void)state;
    const char *expected =
        "answers: expected CSV with the columns 'image' and 'label', or a JSON export of Label Studio";
    struct pd_answers a;
    struct pd_error err;
    assert_read(&photos, "", expected);
    assert_read(&photos, "picture,label\na,b\n", expected);
    assert_read(&photos, "image,lable\nplain.png,cat\n", expected);
    static const char *const twice[] = {"image,label,Label\nplain.png,cat,dog\n",
                                        "image,choice,label\nplain.png,cat,dog\n",
                                        "image,label, image \nplain.png,cat,b c.png\n"};
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++)
        assert_read(&photos, twice[i],
                    "answers: several columns 'image', or 'label' and 'choice': keep the one that counts");
    assert_int_equal(pd_answers_parse("i\0m\0", 4, "wide", &photos, &a, &err), PD_ERR_FORMAT);
    assert_string_equal(
        err.message,
        "wide: a zero byte: expected CSV or JSON, not a spreadsheet's own format: save it as CSV "
        "UTF-8 at offset 1");
    static const char wide[] = "\xff\xfei\0m\0a\0g\0e\0\t\0l\0a\0b\0e\0l\0\n\0n\0o\0.\0p\0n\0g\0\t\0\xe4\0";
    assert_int_equal(pd_answers_parse(wide, sizeof wide - 1, "wide", &photos, &a, &err), PD_OK);
    assert_contains(a.refused[0].words, "no.png");
    pd_answers_release(&a);
    assert_int_equal(pd_answers_parse(wide, sizeof wide - 2, "wide", &photos, &a, &err), PD_OK);
    assert_int_equal(a.refused_count, 1); /* cut off within a letter */
    pd_answers_release(&a);
    assert_int_equal(pd_answers_read("/no/such", &photos, &a, &err), PD_ERR_IO);
    assert_null(a.at);
}

static void gives_up_on_too_many_refusals(void **state)
{
    (void)state;
    enum { ROWS = 1000001 };
    char *text = malloc(12 + 2 * ROWS);
    memcpy(text, "image,label\n", 12);
    for (int i = 0; i < ROWS; i++)
        memcpy(text + 12 + 2 * i, "x\n", 2);
    struct pd_answers a;
    struct pd_error err;
    assert_int_equal(pd_answers_parse(text, 12 + 2 * ROWS, "other", &photos, &a, &err), PD_ERR_FORMAT);
    assert_string_equal(err.message,
                        "other: 1000000 rows are refused: expected answers about data set 'photos'");
    free(text);
}

static void assert_same(const struct pd_answers *a, const struct pd_answer *expected)
{
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->at[i].image, expected[i].image);
        assert_int_equal(a->at[i].label, expected[i].label);
    }
}

static void answers_come_back(void **state)
{
    (void)state;
    const struct pd_answer all[] = {{3, 3, 0, 0}, {4, 2, 0, 0}, {0, PD_ANSWER_SKIP, 0, 0}, {1, 4, 0, 0}};
    const char *path = scratch_path("labels.csv");
    struct pd_answers a;
    assert_int_equal(pd_answers_write(path, &photos, all, 4, NULL), PD_OK);
    assert_file(path, "image,label\n\"x, \"\"y\"\".png\",\"a, \"\"b\"\"\"\ngröße.png,Vögel\ncats/1.png,skip\n"
                      "dogs/1.png,caterpillar\n");
    assert_int_equal(pd_answers_read(path, &photos, &a, NULL), PD_OK);
    assert_int_equal(a.count, 4);
    assert_int_equal(a.refused_count, 0);
    assert_same(&a, all);
    pd_answers_release(&a);
    assert_int_equal(pd_answers_write("/no/such", &photos, all, 4, NULL), PD_ERR_IO);
}

static const struct pd_query queries[] = {{3, 0.25, 3, 0.5}, {2, -1, 1, 0.75}, {4, -2, -1, 0}};

static void queries_are_filled_in_and_read(void **state)
{
    (void)state;
    const char *path = scratch_path("queries.csv");
    assert_int_equal(pd_queries_write_csv(path, &photos, NULL, queries, 3, NULL), PD_OK);
    const char *expected = "image,label,score,guess,guess_p,number,path\n"
                           "\"x, \"\"y\"\".png\",,0.25,\"a, \"\"b\"\"\",0.5,1,\n"
                           "b c.png,,-1,dog,0.75,2,\n"
                           "größe.png,,-2,,,3,\n";
    assert_file(path, expected);
    assert_read(&photos, expected, "?3");
    char filled[512];
    const char *hole = strstr(expected, "b c.png,") + strlen("b c.png,");
    snprintf(filled, sizeof filled, "%.*scat%s", (int)(hole - expected), expected, hole);
    assert_read(&photos, filled, "b c.png=cat\n?2");
}

/* What spreadsheets would take for something else comes back as it was. */
static void names_of_strangers_come_back(void **state)
{
    static char classes[][PD_CLASS_NAME_SIZE] = {"=cat", "a;b", "-1", "two\nlines", "'quoted'", "a,\"b\""};
    static const char *images[] = {"=1.png",         "a;b.png",       "sub/-2.png",
                                   "two\nlines.png", "@x, \"y\".png", "+.png"};
    const struct pd_dataset d = {.name = "strange",
                                 .count = 6,
                                 .classes = 6,
                                 .labels = labels,
                                 .class_names = classes,
                                 .image_names = images};
    struct pd_answer all[6];
    struct pd_answers a;
    const char *path = scratch_path("strange.csv");
    (void)state;
    for (int32_t i = 0; i < 6; i++)
        all[i] = (struct pd_answer){.image = (uint32_t)i, .label = i};
    assert_int_equal(pd_answers_write(path, &d, all, 6, NULL), PD_OK);
    assert_file(path, "image,label\n./=1.png,\"'=cat\"\n\"a;b.png\",\"a;b\"\nsub/-2.png,\"'-1\"\n"
                      "\"two\nlines.png\",\"two\nlines\"\n\"./@x, \"\"y\"\".png\",'quoted'\n"
                      "./+.png,\"a,\"\"b\"\"\"\n");
    assert_int_equal(pd_answers_read(path, &d, &a, NULL), PD_OK);
    assert_int_equal(a.count, 6);
    assert_int_equal(a.refused_count, 0);
    assert_string_equal(a.note, "");
    assert_same(&a, all);
    pd_answers_release(&a);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void many_rows_take_no_time(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct pd_dataset d = {
        .name = "many", .count = MANY, .classes = 10, .image_names = malloc(MANY * sizeof(char *))};
    struct pd_answer *all = malloc(MANY * sizeof *all);
    char(*names)[32] = malloc(MANY * sizeof *names);
    for (uint32_t i = 0; i < MANY; i++) {
        d.image_names[i] = names[i];
        snprintf(names[i], 32, "folder %u/image-%06u.png", i % 7, i * 7919 % MANY);
        all[i] = (struct pd_answer){.image = i, .label = (int32_t)(i % 10)};
    }
    const char *path = scratch_path("many.csv");
    double begin = seconds();
    struct pd_answers a;
    assert_int_equal(pd_answers_write(path, &d, all, MANY, NULL), PD_OK);
    assert_int_equal(pd_answers_read(path, &d, &a, NULL), PD_OK);
    double took = seconds() - begin;
    print_message("             %d rows written and read in %.3f s\n", (int)MANY, took);
    assert_true(took < 5); /* what is quadratic takes minutes */
    assert_int_equal(a.count, MANY);
    assert_same(&a, all);
    pd_answers_release(&a);
    free(names);
    free(d.image_names);
    free(all);
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"image,label\nplain.png,cat\nb c.png,x\n",
                                        "[{\"image\":\"plain.png\",\"choice\":\"cat\"},7]"};
    for (size_t k = 0; k < 2; k++) {
        enum pd_status status = PD_ERR_MEMORY;
        for (uint64_t n = 1; status == PD_ERR_MEMORY; n++) {
            struct pd_answers a;
            assert_true(n < 100);
            pd_mem_fail_after(n);
            status = pd_answers_parse(texts[k], strlen(texts[k]), "answers", &photos, &a, NULL);
            pd_mem_fail_after(0);
            assert_true(status == PD_ERR_MEMORY ? !a.at && !a.refused : a.count == 1);
            pd_answers_release(&a);
        }
        assert_int_equal(status, PD_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain_rows),
        cmocka_unit_test(reads_what_spreadsheets_write),
        cmocka_unit_test(numbers_from_1_are_refused),
        cmocka_unit_test(images_that_are_counted_from_1_are_refused),
        cmocka_unit_test(the_picture_that_was_shown_counts),
        cmocka_unit_test(looks_at_the_file_that_is_named),
        cmocka_unit_test(the_name_of_now_counts),
        cmocka_unit_test(refuses_row_by_row),
        cmocka_unit_test(images_are_found_in_either_form_of_unicode),
        cmocka_unit_test(refusals_name_the_image),
        cmocka_unit_test(counts_lines_as_editors_do),
        cmocka_unit_test(quotes_no_control_characters),
        cmocka_unit_test(refuses_what_was_cut_off),
        cmocka_unit_test(cuts_never_make_a_wrong_answer),
        cmocka_unit_test(columns_that_were_sorted_apart_are_refused),
        cmocka_unit_test(conflicts_refuse_every_row_of_the_image),
        cmocka_unit_test(a_class_that_outranks_a_skip_is_said),
        cmocka_unit_test(finds_images_by_path_and_url),
        cmocka_unit_test(other_columns_of_labels_are_named),
        cmocka_unit_test(images_of_another_folder_are_counted),
        cmocka_unit_test(what_a_network_thinks_is_named),
        cmocka_unit_test(finds_classes_as_people_write_them),
        cmocka_unit_test(no_number_where_it_may_mean_either),
        cmocka_unit_test(names_twins),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(gives_up_on_too_many_refusals),
        cmocka_unit_test(answers_come_back),
        cmocka_unit_test(queries_are_filled_in_and_read),
        cmocka_unit_test(names_of_strangers_come_back),
        cmocka_unit_test(many_rows_take_no_time),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
