/* What CSV, JSON lines, COCO and CVAT say about images. */
#include "needs.h"
#include "data/labels/label_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct pd_label_table table;
static struct pd_error err;

static enum pd_status parse(const char *text, const char *columns)
{
    pd_label_table_release(&table);
    err = (struct pd_error){.status = PD_OK};
    return pd_label_table_parse(text, strlen(text), "t", columns, &table, &err);
}

/* The rows as "image=label/split;". */
static const char *rows_of(const char *text, const char *columns)
{
    static char all[512];
    size_t n = 0;
    if (parse(text, columns))
        fail_msg("%s", err.message);
    all[0] = '\0';
    for (size_t i = 0; i < table.count; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s=%s%s%s;", table.at[i].image, table.at[i].label,
                              *table.at[i].split ? "/" : "", table.at[i].split);
    return all;
}

static void refuses(const char *text, const char *columns, const char *words)
{
    assert_int_equal(parse(text, columns), strncmp(words, "no column", 9) ? PD_ERR_FORMAT : PD_ERR_USAGE);
    if (!strstr(err.message, words))
        fail_msg("\"%s\", expected \"%s\"", err.message, words);
}

static void reads_csv(void **state)
{
    (void)state;
    assert_string_equal(rows_of("file_name,label\na.png,cat\nb.png,dog\n", NULL), "a.png=cat;b.png=dog;");
    assert_string_equal(table.format, "CSV");
    assert_string_equal(table.columns, "image from 'file_name', label from 'label'");
    assert_string_equal(rows_of("\xef\xbb\xbfId;Class;Split\r\n1;x;train\r\n\r\n2; y ;test\r\n", ""),
                        "1=x/train;2=y/test;");
    assert_int_equal(table.at[1].row, 4);
    assert_string_equal(rows_of("label\tpath\ncat\t\"a\tb.png\"\n\tc.png", ""), "a?b.png=cat;c.png=;");
    assert_string_equal(rows_of("image,age,sex,dx\nISIC_1,70,\"m, f\",nv\n", ""), "ISIC_1=nv;");
    assert_string_equal(rows_of("when,who,what\n1,a,b\n", "who,what"), "a=b;");
    assert_string_equal(rows_of("when,who,what\n1,a,b\n", "who,what,when"), "a=b/1;");
    assert_string_equal(rows_of("image,label\n,cat\na,dog\n", ""), "a=dog;");
    assert_string_equal(rows_of(" , file_name , label\n0,a.png, dog\n", ""), "a.png=dog;");
    assert_string_equal(rows_of("image,label\na,dog\nimage,label\nb,'=cat\n", ""), "a=dog;b==cat;");
    assert_string_equal(rows_of("sep=;\r\nimage;label\r\na;dog\r\n", ""), "a=dog;");
    assert_string_equal(rows_of("image,label\na,dog\xc2\xa0\nb,\xe3\x80\x80"
                                "dog\xe2\x80\x8b\n",
                                ""),
                        "a=dog;b=dog;");
    assert_string_equal(rows_of("image,id,choice\na.png,7,dog\n", ""), "a.png=dog;"); /* Label Studio's */
    assert_string_equal(rows_of("image,y\na,dog\n", ""), "a=dog;");
    refuses("image,X,Y\na,1,2\n", "", "no column for the label among 'image, X, Y'"); /* a place */
    rows_of("id,photo,url,label\n1,2.png,http://x/3.png,dog\n", "");
    assert_string_equal(table.image_like, "photo");
    rows_of("id,url,label\n1,http://x/3.png,dog\n", "");
    assert_string_equal(table.image_like, "");
}

static void reads_one_hot_columns(void **state)
{
    (void)state;
    assert_string_equal(rows_of("image,MEL,NV,\na,1.0,0.0,\nb,0,1,\nc,,,\n", ""), "a=MEL;b=NV;c=;");
    assert_string_equal(table.columns, "image from 'image', label from the column that holds 1");
    assert_string_equal(rows_of("filename, MEL, NV,split\n,1,1,\na, 1, 0,test\nb,FALSE,True,train\n", ""),
                        "a=MEL/test;b=NV/train;");
    assert_string_equal(rows_of(",image,id,MEL,NV,note\n0,a,7,1,0,\n1,b,8,0,1,\n", ""), "a=MEL;b=NV;");
    refuses("image,MEL,NV\na,1,0\nb,1,1\n", "", "line 3: 1 in 'MEL' and in 'NV': expected one class");
    refuses("image,MEL,NV\na,1,0\nb,0,0\n", "", "line 3: no column holds 1: expected one class");
    refuses("image,MEL,NV,MEL\na,1,0,0\n", "", "several columns 'MEL'");
    refuses("image,age,MEL\na,70,0\nb,1,1\n", "", "no column for the label among 'image, age, MEL'");
    refuses("image,MEL,NV,x\na,1,0,0\nb,0,0.2,1\n", "",
            "no column for the label (nor are they one-hot: line 3 has neither 0 nor 1 in 'NV') among");
    refuses("image,breed,male,female\na,pug,1,0\n", "",
            "no column for the label (nor are they one-hot: line 2");
    refuses("image,cat,dog,is_test\na,1,0,0\nb,0,0,1\n", "", "no column for the label among");
    refuses("image,damaged,comment\na,1,\nb,0,\n", "", "no column for the label among");
}

static void reads_lists_without_a_header(void **state)
{
    (void)state;
    assert_string_equal(rows_of("x/a.jpg 3\nx/b.jpg 0\n", ""), "x/a.jpg=3;x/b.jpg=0;");
    assert_string_equal(table.columns, "no header: image from column 1, label from column 2");
    assert_int_equal(table.at[0].row, 1);
    assert_string_equal(rows_of("a.png,a cat\nb.png,\na.png,a cat\n", ""), "a.png=a cat;b.png=;a.png=a cat;");
    assert_string_equal(rows_of("a b.png\tcat\n", ""), "a b.png=cat;");
    assert_string_equal(rows_of("image label\na 3\n", ""), "a=3;");
    assert_string_equal(rows_of("a.jpg 3\nb.jpg golden retriever\n", ""), "a.jpg=3;b.jpg=golden retriever;");
    refuses("a.jpg 3\nb my.jpg dog\n", "",
            "line 2: 3 columns, expected 2: where names or labels have blanks");
    assert_string_equal(rows_of("000000 -1\n000001  1\n 000002   1 \n", "1,2"),
                        "000000=-1;000001=1;000002=1;");
    assert_string_equal(rows_of("034 707-320\n035 Boeing  717\n", "1,2"), "034=707-320;035=Boeing 717;");
    assert_string_equal(rows_of("a.jpg   3\r\nb.jpg \r\n", ""), "a.jpg=3;b.jpg=;");
    assert_string_equal(rows_of("b.jpg 2\na.jpg \"x  y\"\n", ""), "b.jpg=2;a.jpg=x  y;");
    assert_string_equal(rows_of("2\nimage_name  category_label\na.jpg     3\nb.jpg     4\n", "1,2"),
                        "a.jpg=3;b.jpg=4;");
    assert_int_equal(table.at[0].row, 3);
    refuses("2\nBald Bangs\na.jpg -1  1\n", "1,3", "no column 3");
    assert_string_equal(rows_of("7\tx\n", "1,2"), "7=x;");
    refuses("1 a.jpg\n", "", "no column for the image's name");
    refuses("a.jpg b.jpg\n", "", "no column for the image's name");
    assert_string_equal(rows_of("#Image ID\nAby_1 1 7\nBen_2 2 8\n", "1,2"), "Aby_1=1;Ben_2=2;");
    assert_string_equal(rows_of("1,a,x,train\n2,b,y,test\n", "2,3,4"), "a=x/train;b=y/test;");
    assert_string_equal(table.columns,
                        "no header: image from column 2, label from column 3, split from column 4");
    assert_string_equal(rows_of("file,label\na,x\n", "1,2"), "a=x;");
    assert_int_equal(parse("a,x\n", "1,3"), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "line 1: no column 3 among 2"));
    assert_int_equal(parse("a,x\n", "1"), PD_ERR_USAGE);
    refuses("a.jpg,cat,dog\n", "", "no column for the image's name");
}

static void refuses_csv_that_it_cannot_trust(void **state)
{
    (void)state;
    refuses("a,b\n1,2\n", "", "no column for the image's name among 'a, b'");
    refuses("image,b\n1,2\n", "", "no column for the label among 'image, b': name them");
    refuses("image,label\n1,\"a\n2,b\n3,\"c\"\n", "",
            "line 2: a quote is opened there and not closed before");
    refuses("image,label\n1,2\n", "image,klass", "no column for the 'klass'");
    refuses("image,label,Label\n1,2,3\n", "", "several columns 'Label': keep the one that counts");
    assert_string_equal(rows_of("image,label,,\n1,2,,\n", ""), "1=2;");
    refuses("image,label\na.png,cat,x\n", "", "line 2: 3 columns, expected 2");
    refuses("image,label\na.png\n", "", "line 2: 1 columns, expected 2");
    refuses("image,label\na.png,\"cat\n", "", "a quote is opened and never closed");
    refuses("image,label\n", "", "CSV without a row");
    refuses("image,label\na,\"big \\\"x\\\"\"\nb,dog\nc,\"cat\"\n", "", "line 2: a quote is opened there");
    refuses("image,label,age\na,cat,3\nimage,age,label\nb,4,dog\n", "",
            "line 3: the header once more, its columns in another order");
    assert_string_equal(rows_of("image,label\na,cat\nImage, Label\nb,dog\n", ""), "a=cat;b=dog;");
    refuses("image,label\na.png,cat\nb.png,ch\xe2t\n", "", "line 3: no UTF-8 text: save it as UTF-8");
    refuses("", "", "expected a header");
    assert_int_equal(
        pd_label_table_parse("\xfe\xff\0i\0d\0,\0y\0\n\0a\0,\xd8\x3d\xdc\x31", 20, "t", "", &table, &err),
        PD_OK); /* UTF-16 */
    assert_string_equal(table.at[0].label, "\xf0\x9f\x90\xb1");
    pd_label_table_release(&table);
    assert_int_equal(
        pd_label_table_parse("\xff\xfei\0d\0,\0y\0\n\0a\0,\0\x3d\xd8", 18, "t", "", &table, &err),
        PD_ERR_FORMAT); /* half a letter */
    assert_int_equal(pd_label_table_parse("P\0K", 3, "t", "", &table, &err), PD_ERR_FORMAT);
}

static void reads_json_lines(void **state)
{
    (void)state;
    assert_string_equal(
        rows_of("{\"file_name\": \"a.png\", \"label\": 3}\n\n{\"label\": \"x\", \"file_name\": "
                "\"b.png\", \"more\": [1]}\n{\"file_name\": \"c.png\"}\n",
                ""),
        "a.png=3;b.png=x;c.png=;");
    assert_int_equal(table.at[1].row, 3);
    assert_string_equal(
        rows_of("[{\"image\": \"a\", \"class\": true}, {\"image\": \"b\", \"class\": null}]", ""), "a=1;b=;");
    refuses("{\"file_name\": \"a.png\", \"label\": 3}\n{\"file_name\": \"b.p", "", "line 2: ");
    refuses("{\"file_name\": \"a.png\"}\n", "", "no column for the label");
    assert_string_equal(rows_of("{\"file_name\": \"a\"}\n{\"file_name\": \"b\", \"label\": 2}\n", ""),
                        "a=;b=2;");
    assert_string_equal(rows_of("[{\"n\": \"a\"}, {\"n\": \"b\", \"k\": 2}]", "n,k"), "a=;b=2;");
    assert_string_equal(rows_of("{\"id\": \"7\", \"category\": \"x\"}\n"
                                "{\"id\": \"0\", \"file_name\": \"b\", \"label\": 2}\n"
                                "{\"id\": \"1\", \"file_name\": \"c\", \"Label\": 2}\n",
                                ""),
                        "b=2;c=;");
    assert_int_equal(table.nameless, 1);
    assert_int_equal(table.other_keys, 2);
    assert_string_equal(rows_of("{\"image\": \"a\", \"label\": 1}\n{\"image\": \"b\", \"label\": 2}\n"
                                "{\"image\": \"c\", \"file_name\": \"x\"}\n",
                                ""),
                        "a=1;b=2;c=;");
    assert_string_equal(rows_of("{\"image\": \"a\", \"label\": 1.0}\n{\"image\": \"b\", \"label\": [\"x\"]}\n"
                                "{\"image\": \"c\", \"label\": 1.5}\n",
                                ""),
                        "a=1;b=x;c=1.5;");
    refuses("{\"image\": \"a\", \"label\": 1}\n{\"image\": \"b\", \"label\": [1, 2]}\n", "",
            "line 2: 'label' has several values, expected one");
    refuses("{\"image\": \"a\", \"label\": {\"name\": \"x\"}}\n", "", "line 1: 'label' has several values");
    assert_string_equal(
        rows_of("{\"image\": \"a\", \"label\": [\"x\"]}\n{\"image\": \"b\", \"label\": []}\n", ""),
        "a=x;b=;"); /* doccano */
    assert_string_equal(rows_of("{\"image\": \"a\", \"label\": \"x\", \"answer\": \"accept\"}\n"
                                "{\"image\": \"b\", \"label\": \"x\", \"answer\": \"reject\"}\n",
                                ""),
                        "a=x;b=;"); /* Prodigy */
    assert_int_equal(table.rejected, 1);
    refuses("[1]", "", "expected an object");
    assert_string_equal(rows_of("{\"image\": \"a\", \"label\": 1}\n"
                                "{\"image\": \"b\", \"label\": 2, \"Split\": \"test\"}\n",
                                ""),
                        "a=1;b=2/test;");
    assert_string_equal(table.columns, "image from 'image', label from 'label', split from 'Split'");
}

static void reads_coco(void **state)
{
    (void)state;
    assert_string_equal(
        rows_of(
            "{\"images\": [{\"id\": 7, \"file_name\": \"a.jpg\"}, {\"id\": 2, \"file_name\": \"b.jpg\"}, "
            "{\"id\": "
            "3, \"file_name\": \"c.jpg\"}, {\"id\": 4, \"file_name\": \"d.jpg\"}],"
            "\"categories\": [{\"id\": 1, \"name\": \"cat\"}, {\"id\": 9, \"name\": \"dog\"}],"
            "\"annotations\": [{\"image_id\": 7, \"category_id\": 9}, {\"image_id\": 7, \"category_id\": 9},"
            "{\"image_id\": 2, \"category_id\": 1}, {\"image_id\": 3, \"category_id\": 1}, {\"image_id\": 3, "
            "\"category_id\": 9}, {\"image_id\": 99, \"category_id\": 1}]}",
            ""),
        "b.jpg=cat;c.jpg=;d.jpg=;a.jpg=dog;");
    assert_string_equal(table.format, "COCO");
    assert_int_equal(table.several, 1);
    assert_int_equal(table.stray, 1);
    assert_string_equal(
        rows_of("{\"images\": [{\"id\": \"g-1\", \"file_name\": \"a.jpg\"}, {\"id\": 2, \"file_name\": "
                "\"b.jpg\"}],"
                "\"categories\": [{\"id\": 0, \"name\": \"empty\"}, {\"id\": 5, \"name\": \"deer\"}],"
                "\"annotations\": [{\"image_id\": \"g-1\", \"category_id\": \"5\"}, {\"image_id\": 2.0, "
                "\"category_id\": 0}, {\"image_id\": \"2\"}]}",
                ""),
        "b.jpg=empty;a.jpg=deer;");
    assert_int_equal(table.stray, 1);
    refuses("{\"annotations\": 1, \"categories\": []}", "", "expected COCO's lists");
    assert_string_equal(
        rows_of("{\"images\": [{\"id\": 0, \"file_name\": \"a\", \"split\": \"train\"}, {\"id\": 1, "
                "\"file_name\": \"b\", \"subset\": \"Test\"}, {\"id\": 2, \"file_name\": \"c\", "
                "\"subset\": \"default\"}],"
                "\"categories\": [{\"id\": 0, \"name\": \"cat\"}, {\"id\": 0, \"name\": \"cat\"}],"
                "\"annotations\": [{\"image_id\": 0, \"category_id\": 0}]}",
                ""),
        "a=cat/train;b=/Test;c=;");
}

/* Two files put together. */
static void refuses_ids_of_two(void **state)
{
    (void)state;
    refuses("{\"images\": [{\"id\": 0, \"file_name\": \"a\"}, {\"id\": 1, \"file_name\": \"b\"}, {\"id\": "
            "\"0\", \"file_name\": \"c\"}], \"categories\": [], \"annotations\": []}",
            "", "image id 0 stands for 'a' and for 'c'");
    refuses("{\"images\": [], \"categories\": [{\"id\": 1, \"name\": \"cat\"}, {\"id\": 1, \"name\": "
            "\"dog\"}], \"annotations\": []}",
            "", "category id 1 stands for 'cat' and for 'dog': expected an id of its own");
}

static void reads_cvat(void **state)
{
    (void)state;
    NEEDS(expat);
    assert_string_equal(
        rows_of("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations><version>1.1</version>"
                "<image id=\"0\" name=\"s/a.png\" subset=\"train\"><tag label=\"cat\"/></image>"
                "<image id=\"1\" name=\"b.png\"><box label=\"dog\"/></image>"
                "<image id=\"2\" name=\"c.png\"><tag label=\"cat\"/><tag label=\"dog\"/></image>"
                "</annotations>",
                ""),
        "s/a.png=cat/train;b.png=;c.png=;");
    assert_int_equal(table.several, 1);
    assert_string_equal(
        rows_of("<annotations><image name=\"a\" subset=\"default\"><tag label=\"cat\"/></image>"
                "<image name=\"b\" subset=\"Ben\"><tag label=\"dog\"/></image></annotations>",
                ""),
        "a=cat;b=dog;");
    refuses("<annotations><image name=\"a\">", "", "line 1: ");
    refuses("<html></html>", "", "expected CVAT's <annotations>");
    refuses("<!DOCTYPE a [<!ENTITY b \"cc\">]><annotations/>", "", "line 1: ");
}

static int release(void **state)
{
    (void)state;
    pd_label_table_release(&table);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_csv),
        cmocka_unit_test(reads_one_hot_columns),
        cmocka_unit_test(reads_lists_without_a_header),
        cmocka_unit_test(refuses_csv_that_it_cannot_trust),
        cmocka_unit_test(reads_json_lines),
        cmocka_unit_test(reads_coco),
        cmocka_unit_test(refuses_ids_of_two),
        cmocka_unit_test(reads_cvat),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
