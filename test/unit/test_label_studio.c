#include "answers_report.h"

#include <jansson.h>

#define CHOICE(name, word)                                                                                   \
    "{\"from_name\":\"" name "\",\"to_name\":\"image\",\"type\":\"choices\",\"value\":{\"choices\":[" word   \
    "]}}"
#define DONE(results) "{\"result\":[" results "],\"was_cancelled\":false}"
#define SKIPPED       "{\"result\":[],\"was_cancelled\":true}"
#define TASK(image, done)                                                                                    \
    "{\"id\":1,\"data\":{" image "},\"predictions\":[{\"result\":[]}],\"annotations\":[" done "]}"
#define PLAIN "\"image\":\"/data/upload/1/0a1b2c3d-plain.png\""
#define OURS  "\"image\":\"s3://x/y\",\"paydirt_image\":\"b c.png\""

static void reads_label_studio_json(void **state)
{
    (void)state;
    assert_read(
        &photos,
        "[" TASK(PLAIN, DONE(CHOICE("choice", "\"cat\""))) "," TASK(
            OURS, DONE(CHOICE("kind", "\"dog\""))) "," TASK("\"image\":\"cats/1.png\"",
                                                            SKIPPED) "," TASK("\"image\":\"dogs/1.png\"",
                                                                              "") "," TASK(PLAIN,
                                                                                           DONE("")) "]",
        "plain.png=cat\ncats/1.png=skip\n?3"); /* "kind" is another question */
    assert_read(&photos, TASK(PLAIN, DONE(CHOICE("choice", "\"cat\""))), "plain.png=cat\n?0");
    assert_read(&photos, TASK(OURS, DONE(CHOICE("kind", "\"dog\""))), "b c.png=dog\n?0");
    assert_read(&numbers,
                "[" TASK("\"paydirt_image\":\"7\"", DONE(CHOICE("choice", "\"3\""))) "," TASK(
                    "\"paydirt_image\":8", DONE(CHOICE("choice", "4"))) "]",
                "7=3\n8=4\n?0");
    assert_read(&photos, " [ ] ", "?0");
    assert_read(&photos, "\xef\xbb\xbf [ {} , {} ]\n", "?2");
}

static void weighs_several_annotators(void **state)
{
    (void)state;
    assert_read(
        &photos,
        "[" TASK(PLAIN, DONE(CHOICE("choice", "\"cat\"")) "," DONE(CHOICE("choice", "\"cat\""))) "," TASK(
            OURS,
            DONE(CHOICE("choice", "\"cat\"")) "," DONE(CHOICE(
                "choice",
                "\"dog\""))) "," TASK("\"image\":\"cats/1.png\"",
                                      SKIPPED "," DONE(CHOICE(
                                          "choice",
                                          "\"dog\""))) "," TASK("\"image\":\"dogs/1.png\"",
                                                                DONE(CHOICE("choice", "\"dog\"")) "," DONE(
                                                                    CHOICE("choice", "\"x\""))) "]",
        "plain.png=cat\ncats/1.png=dog\n"
        "!2 image 'b c.png' has conflicting labels: 'cat' in task 2, 'dog' in 2\n"
        "!4 unknown class 'x', expected one of 5, from 'cat' to 'caterpillar', or skip\n?0");
}

static void refuses_task_by_task(void **state)
{
    (void)state;
    assert_read(
        &photos,
        "[7," TASK(PLAIN, DONE(CHOICE("choice", "\"cat\",\"dog\""))) "," TASK(
            PLAIN,
            DONE(CHOICE(
                "choice",
                "["
                "]"))) "," TASK(PLAIN,
                                DONE(CHOICE("a", "\"cat\"") "," CHOICE(
                                    "b",
                                    "\"cat\""))) "," TASK("\"img\":\"plain.png\"",
                                                          DONE(CHOICE(
                                                              "choice",
                                                              "\"cat\""))) "," TASK(PLAIN,
                                                                                    DONE(CHOICE("a", "\"x\"") "," CHOICE(
                                                                                        "choice",
                                                                                        "\"cat\"") "," CHOICE("b",
                                                                                                              "\"y\""))) "]",
        "plain.png=cat\n"
        "!1 not a task: expected an object\n"
        "!2 2 classes chosen, expected one\n"
        "!3 a label that is neither a word nor a number\n"
        "!5 no 'image' in it: expected {\"image\": …, \"label\": …} or Label Studio's tasks\n?1");
}

#define EITHER "either of 'tumor' and 'artifact' may be the label: expected one set of choices, or one named "

/* Which question a row leaves open only the others tell. */
static void keeps_questions_apart(void **state)
{
    (void)state;
    assert_read(&photos,
                "[" TASK(PLAIN, DONE(CHOICE("tumor", "\"cat\""))) "," /**/
                TASK(OURS, DONE(CHOICE("artifact", "\"cat\""))) "," TASK(OURS, DONE("")) "]",
                "!1 " EITHER "'choice'\n!2 " EITHER "'choice'\n?1");
    assert_read(&photos,
                "[" TASK(PLAIN, DONE(CHOICE("tumor", "\"cat\"")) "," DONE(CHOICE("artifact", "\"cat\""))) "]",
                "!1 " EITHER "'choice'\n?0");
    assert_read(&photos,
                "[{\"image\":\"plain.png\",\"tumor\":\"cat\"},{\"image\":\"b c.png\",\"artifact\":\"cat\"}]",
                "!1 " EITHER "'choice'\n!2 " EITHER "'choice'\n?0");
    assert_read(&photos, "[{\"image\":\"plain.png\",\"kind\":\"dog\"},{\"image\":\"b c.png\",\"kind\":null}]",
                "plain.png=dog\n?1");
    assert_read(&photos,
                "[{\"image\":\"plain.png\",\"Label\":\"dog\",\"note\":\"x\"},{\"image\":\"b "
                "c.png\",\"label\":\"cat\"}]",
                "plain.png=dog\nb c.png=cat\n?0");
    assert_read(&photos,
                "[{\"image\":\"plain.png\",\"kind\":\"dog\"},"
                "{\"image\":\"b c.png\",\"kind\":\"cat\",\"comment\":\"x\"}]",
                "plain.png=dog\n!2 no 'choice', and 2 keys that may stand for it\n?0");
}

/* Never no answer without a word. */
static void refuses_labels_in_other_places(void **state)
{
    (void)state;
    assert_read(&photos, "[{\"image\":\"plain.png\",\"label\":{\"name\":\"cat\"}}]",
                "!1 a label that is an object without 'choices'\n?0");
    assert_read(&photos, "[{\"image\":\"plain.png\",\"choice\":{\"taxonomy\":[[\"cat\"]]}}]",
                "!1 a label that is an object without 'choices'\n?0");
    assert_read(&photos, "{\"data\":{" PLAIN "},\"annotations\":{\"0\":{\"result\":[]}}}",
                "!1 'annotations' that are no list\n?0");
    assert_read(&photos, "{\"data\":{" PLAIN "},\"result\":[" CHOICE("choice", "\"cat\"") "]}",
                "!1 a 'result' without 'annotations' around it, export the project as JSON\n?0");
    assert_read(&photos, "{\"data\":{" PLAIN ",\"label\":\"cat\"}}",
                "!1 no 'annotations', but a label in 'data', export the project as JSON\n?0");
    assert_read(&photos, "{\"data\":{" PLAIN ",\"label\":\"cat\"},\"annotations\":[]}", "?1");
    assert_read(&photos, "{\"plain.png1\":{\"filename\":\"plain.png\"}}",
                "!1 no 'image' in it: expected {\"image\": …, \"label\": …} or Label Studio's tasks\n?0");
}

#define REVIEWED(accepted)                                                                                   \
    "{\"result\":[" CHOICE("choice", "\"cat\"") "],\"reviews\":[{\"accepted\":" accepted "}]}"

static void takes_nothing_rejected(void **state)
{
    (void)state;
    assert_read(&photos, TASK(PLAIN, REVIEWED("true")), "plain.png=cat\n?0");
    assert_read(&photos, TASK(PLAIN, REVIEWED("false")), "!1 an annotation that its review rejected\n?0");
    assert_read(&photos, TASK(PLAIN, REVIEWED("false") "," DONE(CHOICE("choice", "\"dog\""))),
                "plain.png=dog\n?0");
    assert_read(&photos,
                "[{\"image\":\"plain.png\",\"label\":\"cat\",\"answer\":\"accept\"},"
                "{\"image\":\"b c.png\",\"label\":\"dog\",\"answer\":\"reject\"},"
                "{\"image\":\"cats/1.png\",\"label\":\"dog\",\"answer\":\"ignore\"}]",
                "plain.png=cat\n?2");
    assert_read(&photos, "image,label,answer\nplain.png,cat,accept\nb c.png,dog,reject\n",
                "plain.png=cat\n?1");
    assert_read(
        &photos, "image,answer\nplain.png,reject\n",
        "answers: expected CSV with the columns 'image' and 'label', or a JSON export of Label Studio");
}

/* As pandas writes them. */
static void takes_numbers_with_decimals(void **state)
{
    (void)state;
    assert_read(&numbers, "[{\"image\":5.0,\"label\":1.0},{\"image\":6,\"label\":null}]", "5=1\n?1");
    assert_read(&photos, "[{\"image\":\"plain.png\",\"label\":true}]",
                "!1 unknown class 'true', expected one of 5, from 'cat' to 'caterpillar', or skip\n?0");
}

#define RESULT(type, value)                                                                                  \
    DONE("{\"from_name\":\"x\",\"type\":\"" type "\",\"value\":{\"" type "\":" value "}}")

/* What other projects of Label Studio hold: never nothing and no word. */
static void says_what_it_cannot_use(void **state)
{
    (void)state;
    assert_read(
        &photos,
        "[" TASK(PLAIN, RESULT("rectanglelabels", "[\"cat\"]")) "," TASK(
            PLAIN, RESULT("taxonomy",
                          "[[\"cat\"]]")) "," TASK(PLAIN,
                                                   "7") ","
                                                        "{\"data\":{" PLAIN
                                                        "},\"annotations\":[],\"drafts\":[{\"result\":[]}]},"
                                                        "{\"image\":\"plain.png\",\"label\":[{\"x\":1,"
                                                        "\"rectanglelabels\":[\"cat\"]}]}]",
        "!1 no choice: the result is of the kind 'rectanglelabels', expected 'choices'\n"
        "!2 no choice: the result is of the kind 'taxonomy', expected 'choices'\n"
        "!3 annotations without their content, export the project as JSON\n"
        "!4 a draft that was not submitted\n"
        "!5 parts of the picture are marked, expected one class for the whole of it\n?0");
}

#define PART(geometry)                                                                                       \
    DONE("{\"type\":\"choices\",\"from_name\":\"choice\",\"value\":{" geometry ",\"choices\":[\"cat\"]}}")
#define OF_PART "the choice is for a part of the picture, expected one class for the whole of it\n"

/* Choices for each region carry the region beside the class. */
static void takes_no_part_for_the_whole(void **state)
{
    (void)state;
    static const char text[] = "[" TASK(PLAIN, PART("\"x\":1,\"y\":2,\"width\":3,\"height\":4")) "," /**/
        TASK(PLAIN, PART("\"points\":[[1,2],[3,4],[5,6]]")) "," TASK(
            PLAIN, PART("\"format\":\"rle\",\"rle\":[1]")) "]";
    assert_read(&photos, text, "!1 " OF_PART "!2 " OF_PART "!3 " OF_PART "?0");
}

static void reads_completions_of_old(void **state)
{
    (void)state;
    assert_read(&photos,
                "[{\"data\":{" PLAIN "},\"completions\":[" DONE(
                    CHOICE("choice", "\"cat\"")) "]},"
                                                 "{\"data\":{" OURS
                                                 "},\"completions\":[{\"skipped\":true,\"result\":[]}]},"
                                                 "{\"data\":{\"image\":\"cats/1.png\"},\"completions\":[]}]",
                "plain.png=cat\nb c.png=skip\n?1");
}

static void reads_label_studio_json_min(void **state)
{
    (void)state;
    assert_read(
        &photos,
        "[{\"image\":\"plain.png\",\"choice\":\"cat\",\"note\":\"x\",\"id\":1,\"lead_time\":2.5},"
        "{" OURS
        ",\"kind\":\"dog\",\"annotator\":1,\"annotation_id\":2,\"created_at\":\"\",\"updated_at\":\"\"},"
        "{\"image\":\"cats/1.png\",\"id\":3},"
        "{\"image\":\"dogs/1.png\",\"choice\":{\"choices\":[\"cat\",\"dog\"]}},"
        "{\"image\":\"dogs/1.png\",\"kind\":\"cat\",\"mood\":\"good\"},"
        "{\"image\":\"dogs/1.png\",\"choice\":null}]",
        "plain.png=cat\n!4 2 classes chosen, expected one\n?4");
}

static void reads_label_studio_csv(void **state)
{
    (void)state;
    assert_read(&photos,
                "\"annotation_id\",\"annotator\",\"choice\",\"created_at\",\"id\",\"image\",\"lead_time\","
                "\"paydirt_image\",\"updated_at\"\r\n"
                "1,\"1\",\"cat\",\"2024\",1,\"/data/local-files/?d=plain.png\",2.5,\"\",\"2024\"\r\n"
                "2,\"1\",\"dog\",\"2024\",2,\"s3://x\",2.5,\"b c.png\",\"2024\"\r\n"
                "\"\",\"{}\",\"\",\"\",3,\"s3://x\",\"\",\"cats/1.png\",\"\"\r\n",
                "plain.png=cat\nb c.png=dog\n?1");
    assert_read(&photos, "annotation_id,image,kind\n1,plain.png,cat\n", "plain.png=cat\n?0");
}

static void says_where_json_breaks(void **state)
{
    (void)state;
    const char *whole = "[" TASK(PLAIN, DONE(CHOICE("choice", "\"cat\""))) "]";
    struct pd_answers a;
    struct pd_error err;
    for (size_t size = 1; size < strlen(whole); size++) {
        assert_int_equal(pd_answers_parse(whole, size, "half.json", &photos, &a, &err), PD_ERR_FORMAT);
        assert_contains(err.message, "half.json: cut off or damaged, export it again: task ");
        assert_in_range(err.offset, 1, size);
    }
    assert_read(&photos, "[7,8}",
                "answers: cut off or damaged, export it again: task 3: expected ',' or ']' at offset 4");
    assert_read(
        &photos, "[7]]",
        "answers: cut off or damaged, export it again: task 2: expected the end of the file at offset 3");
    assert_read(
        &photos, "{} {}",
        "answers: cut off or damaged, export it again: task 2: expected the end of the file at offset 3");
    assert_read(
        &photos, "{\"image\":\"plain.png\",\"label\":\"cat\"}\r\n{\"image\":\"b c.png\",\"label\":\"dog\"}\n",
        "answers: an object a line, as JSON lines: expected one list of tasks, [{…}, {…}] at offset 37");
    enum { DEEP = 1000000 };
    char *bomb = malloc(DEEP);
    memset(bomb, '[', DEEP);
    assert_int_equal(pd_answers_parse(bomb, DEEP, "deep", &photos, &a, &err), PD_ERR_FORMAT);
    free(bomb);
}

static const struct pd_query queries[] = {{3, 0.25, 3, 0.5}, {2, -1, 1, 0.75}, {4, -2, -1, 0}};

/* Turns each prediction into the annotation of somebody who agrees with it. */
static char *annotate(const char *path)
{
    size_t i;
    json_t *task, *tasks = json_load_file(path, 0, NULL);
    assert_int_equal(json_array_size(tasks), 3);
    json_array_foreach(tasks, i, task)
    {
        json_object_set(task, "annotations", json_object_get(task, "predictions"));
        json_object_del(task, "predictions");
    }
    char *text = json_dumps(tasks, 0);
    json_decref(tasks);
    return text;
}

static void tasks_are_annotated_and_read(void **state)
{
    (void)state;
    const char *path = scratch_path("tasks.json");
    assert_int_equal(
        pd_queries_write_label_studio(path, &photos, "/data/local-files/?d=p/", queries, 3, NULL), PD_OK);
    char *text = annotate(path);
    assert_read(&photos, text, "x, \"y\".png=a, \"b\"\nb c.png=dog\n?1");
    free(text);

    json_t *tasks = json_load_file(path, 0, NULL);
    const char *image, *ours, *version, *from, *to, *type, *choice;
    double score;
    assert_int_equal(json_unpack(json_array_get(tasks, 0),
                                 "{s:{s:s,s:s},s:[{s:s,s:F,s:[{s:s,s:s,s:s,s:{s:[s]}}]}]}", "data", "image",
                                 &image, "paydirt_image", &ours, "predictions", "model_version", &version,
                                 "score", &score, "result", "from_name", &from, "to_name", &to, "type", &type,
                                 "value", "choices", &choice),
                     0);
    assert_string_equal(image, "/data/local-files/?d=p/x%2C%20%22y%22.png");
    assert_string_equal(ours, "x, \"y\".png");
    assert_string_equal(version, "paydirt");
    assert_true(score == 0.5);
    assert_string_equal(from, "choice");
    assert_string_equal(to, "image");
    assert_string_equal(type, "choices");
    assert_string_equal(choice, "a, \"b\"");
    json_decref(tasks);

    assert_int_equal(pd_queries_write_label_studio(path, &numbers, NULL, queries, 3, NULL), PD_OK);
    text = annotate(path);
    assert_read(&numbers, text, "3=3\n2=1\n?1");
    free(text);
}

static void tasks_need_utf8(void **state)
{
    (void)state;
    const char *latin[] = {"gr\xf6\xdf"
                           "e.png"};
    const struct pd_dataset d = {
        .name = "latin", .count = 1, .classes = 2, .labels = labels, .image_names = latin};
    const struct pd_query query = {0, 0, 1, 1};
    struct pd_error err;
    const char *path = scratch_path("latin.json");
    assert_int_equal(pd_queries_write_label_studio(path, &d, NULL, &query, 1, &err), PD_ERR_UNSUPPORTED);
    assert_contains(err.message, "latin.json: image 'gr");
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(pd_queries_write_csv(path, &d, NULL, &query, 1, NULL), PD_OK);
}

static void configures_label_studio(void **state)
{
    (void)state;
    const char *path = scratch_path("config.xml");
    assert_int_equal(pd_label_studio_config(path, &photos, NULL), PD_OK);
    assert_file(path, "<View>\n"
                      "  <Image name=\"image\" value=\"$image\"/>\n"
                      "  <Choices name=\"choice\" toName=\"image\" choice=\"single\">\n"
                      "    <Choice value=\"cat\"/>\n"
                      "    <Choice value=\"dog\"/>\n"
                      "    <Choice value=\"Vögel\"/>\n"
                      "    <Choice value=\"a, &#34;b&#34;\"/>\n"
                      "    <Choice value=\"caterpillar\"/>\n"
                      "  </Choices>\n"
                      "</View>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_label_studio_json),
        cmocka_unit_test(weighs_several_annotators),
        cmocka_unit_test(says_what_it_cannot_use),
        cmocka_unit_test(takes_no_part_for_the_whole),
        cmocka_unit_test(reads_completions_of_old),
        cmocka_unit_test(refuses_task_by_task),
        cmocka_unit_test(keeps_questions_apart),
        cmocka_unit_test(refuses_labels_in_other_places),
        cmocka_unit_test(takes_nothing_rejected),
        cmocka_unit_test(takes_numbers_with_decimals),
        cmocka_unit_test(reads_label_studio_json_min),
        cmocka_unit_test(reads_label_studio_csv),
        cmocka_unit_test(says_where_json_breaks),
        cmocka_unit_test(tasks_are_annotated_and_read),
        cmocka_unit_test(tasks_need_utf8),
        cmocka_unit_test(configures_label_studio),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
