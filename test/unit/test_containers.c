/* Images in zips, tars and shards, and labels that stand in a file. */
#include "needs.h"
#include "unit/image_maker.h"

#include "base/buffer.h"
#include "data/dataset.h"

#include <paydirt/data_check.h>

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/stat.h>

/* An image whose first channel's first value is `value`; its label and name can be told from that. */
static struct file picture(int value)
{
    uint8_t rgb[8 * 8 * 3];
    memset(rgb, value, sizeof rgb);
    rgb[1] = 0;
    return make_png(8, 8, PNG_FORMAT_RGB, rgb, NULL, 0);
}

static void write_picture(const char *name, int value)
{
    struct file f = picture(value);
    scratch_write(scratch_path(name), f.bytes, f.size);
    free(f.bytes);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
}

static struct archive *begin_archive(const char *name)
{
    struct archive *a = archive_write_new();
    if (strstr(name, ".zip"))
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a);
    if (strstr(name, ".xz"))
        archive_write_add_filter_xz(a);
    assert_int_equal(archive_write_open_filename(a, scratch_path(name)), ARCHIVE_OK);
    return a;
}

static void put(struct archive *a, const char *name, const void *bytes, size_t size)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)size);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, bytes, size), (la_ssize_t)size);
    archive_entry_free(e);
}

static void put_picture(struct archive *a, const char *name, int value)
{
    struct file f = picture(value);
    put(a, name, f.bytes, f.size);
    free(f.bytes);
}

/* --- opening --- */

static struct pd_error err;

static struct pd_data_request request_of(const char *name)
{
    return (struct pd_data_request){
        .name = scratch_path(name), .size = 8, .cache_dir = scratch_path("cache")};
}

/* "name=class value;" of all images; class "-": none. */
static const char *content(struct pd_data_request request)
{
    static char all[1024];
    struct pd_dataset *d;
    size_t n = 0;
    if (pd_dataset_open(&request, &d, &err))
        fail_msg("%s", err.message);
    all[0] = '\0';
    for (uint32_t i = 0; i < d->count; i++) {
        char name[64], class[PD_CLASS_NAME_SIZE];
        n += (size_t)snprintf(
            all + n, sizeof all - n, "%s=%s %d;", pd_dataset_image_name(d, i, name, sizeof name),
            d->labels[i] < 0 ? "-" : pd_dataset_class_name(d, d->labels[i], class, sizeof class),
            pd_dataset_image(d, i)[9]);
    }
    pd_dataset_destroy(d);
    return all;
}

static const char *note_of(struct pd_data_request request)
{
    static char note[PD_NOTE_SIZE];
    struct pd_dataset *d;
    if (pd_dataset_open(&request, &d, &err))
        fail_msg("%s", err.message);
    snprintf(note, sizeof note, "%s", d->note);
    pd_dataset_destroy(d);
    return note;
}

static void refuses(struct pd_data_request request, enum pd_status status, const char *words)
{
    struct pd_dataset *d;
    assert_int_equal(pd_dataset_open(&request, &d, &err), status);
    assert_contains(err.message, words);
}

/* --- archives --- */

static void archives_are_folders(void **state)
{
    (void)state;
    NEEDS(archive);
    static const char *const names[] = {"photos.zip", "photos.tar", "photos.tar.xz"};
    for (int i = 0; i < 3; i++) {
        struct archive *a = begin_archive(names[i]);
        put_picture(a, "photos/cat/1.png", 10 + i);
        put_picture(a, "photos/dog/2.png", 20);
        put_picture(a, "__MACOSX/photos/cat/._1.png", 99);
        archive_write_free(a);
        char expected[128];
        snprintf(expected, sizeof expected, "photos/cat/1.png=cat %d;photos/dog/2.png=dog 20;", 10 + i);
        assert_string_equal(content(request_of(names[i])), expected);
        assert_string_equal(content(request_of(names[i])), expected); /* unpacked already */
        assert_contains(note_of(request_of(names[i])), "unpacked in ");
    }
    struct archive *a = begin_archive("photos.zip"); /* another one under the same name */
    put_picture(a, "x/1.png", 77);
    put_picture(a, "y/1.png", 78);
    archive_write_free(a);
    assert_string_equal(content(request_of("photos.zip")), "x/1.png=x 77;y/1.png=y 78;");
}

/* Of 16 bits, of which the upper 8 are the same. */
static void copies_in_archives_are_told_by_their_files(void **state)
{
    (void)state;
    NEEDS(archive);
    struct archive *a = begin_archive("deep.zip");
    for (int k = 0; k < 3; k++) {
        char name[16];
        uint16_t deep[64] = {[9] = 0x4000, [63] = k == 1 ? 1 : 2};
        struct file f = make_png(8, 8, PNG_FORMAT_LINEAR_Y, deep, NULL, 0);
        snprintf(name, sizeof name, "c/%d.png", k);
        put(a, name, f.bytes, f.size);
        free(f.bytes);
    }
    archive_write_free(a);
    const struct pd_data_request request = request_of("deep.zip");
    struct pd_data_report r;
    if (pd_data_check(&request, &r, &err))
        fail_msg("%s", err.message);
    assert_int_equal(r.copy_count, 1);
    pd_data_report_release(&r);
}

static void hostile_archives_are_refused(void **state)
{
    (void)state;
    NEEDS(archive);
    static char zeros[1 << 20];
    scratch_write(scratch_path("cut.zip"), "PK\003\004", 4);
    refuses(request_of("cut.zip"), PD_ERR_FORMAT, "cut.zip");
    struct archive *a = begin_archive("up.tar");
    put(a, "../evil.png", "x", 1);
    archive_write_free(a);
    refuses(request_of("up.tar"), PD_ERR_FORMAT, "up.tar");
    assert_int_equal(access(scratch_path("evil.png"), F_OK), -1);
    a = begin_archive("bomb.zip");
    for (int i = 0; i < 270; i++) { /* more than a quarter of a gigabyte from less than one megabyte */
        char name[32];
        snprintf(name, sizeof name, "%d.png", i);
        put(a, name, zeros, sizeof zeros);
    }
    archive_write_free(a);
    refuses(request_of("bomb.zip"), PD_ERR_FORMAT, "unpacks to more than");
    refuses(request_of("none.zip"), PD_ERR_USAGE, "there is no such folder of images, archive");
    scratch_write(scratch_path("x.npy"), "x", 1);
    refuses(request_of("x.npy"), PD_ERR_USAGE,
            "x.npy': a file of no kind that is read as a data set: expected");
}

static void keep_bytes(const char *name, const char *a, size_t n, const char *b, size_t m)
{
    struct pd_buffer all = PD_BUFFER_INIT;
    pd_buffer_append(&all, a, n);
    pd_buffer_append(&all, b, m);
    scratch_write(scratch_path(name), all.data, all.size);
    pd_buffer_release(&all);
}

/* A download that stopped, or was written into a file of the whole size; several by cat, as of shards. */
static void tars_are_read_to_their_end(void **state)
{
    (void)state;
    NEEDS(archive);
    static const char zeros[512 * 500];
    size_t n[2];
    char *bytes[2];
    for (int i = 0; i < 2; i++) {
        struct archive *a = begin_archive("one.tar");
        put_picture(a, i ? "dog/1.png" : "cat/1.png", 10 + i);
        archive_write_free(a);
        bytes[i] = scratch_read(scratch_path("one.tar"), &n[i]);
    }
    keep_bytes("both.tar", bytes[0], n[0], bytes[1], n[1]);
    assert_string_equal(content(request_of("both.tar")), "cat/1.png=cat 10;dog/1.png=dog 11;");
    keep_bytes("cut.tar", bytes[0], 1024, NULL, 0);
    refuses(request_of("cut.tar"), PD_ERR_FORMAT,
            "its last entry ends at byte 1024, and 0 bytes of zeros follow, expected 512 to");
    keep_bytes("rest.tar", bytes[0], n[0], zeros, sizeof zeros);
    refuses(request_of("rest.tar"), PD_ERR_FORMAT, "(is it whole?)");
    static const char megabyte[1 << 20];
    keep_bytes("large.tar", bytes[0], 1024, megabyte, sizeof megabyte - 1024); /* tar -b 2048 */
    assert_string_equal(content(request_of("large.tar")), "cat/1.png=cat 10;");
    keep_bytes("large.tar", bytes[0], 1024, megabyte, (1 << 18) - 1024);
    assert_string_equal(content(request_of("large.tar")), "cat/1.png=cat 10;");
    keep_bytes("more.tar", bytes[0], n[0], "something that is no header", 27);
    refuses(request_of("more.tar"), PD_ERR_FORMAT, "more.tar");
    free(bytes[0]);
    free(bytes[1]);
}

/* The second one would replace the first; a folder may be there again. */
static void names_that_come_twice_are_refused(void **state)
{
    (void)state;
    NEEDS(archive);
    static const char *const names[] = {"twice.zip", "twice.tar"}, *const again[] = {"cat/1.png",
                                                                                     "caf\xc3\xa9/1.png"};
    setlocale(LC_CTYPE, "C.UTF-8"); /* for who writes them */
    for (int i = 0; i < 4; i++) {
        struct archive *a = begin_archive(names[i / 2]);
        put_picture(a, again[i % 2], 10);
        put_picture(a, i % 2 ? "cafe\xcc\x81/1.png" : again[0], 11);
        archive_write_free(a);
        refuses(request_of(names[i / 2]), PD_ERR_FORMAT, "is in it twice");
    }
    setlocale(LC_CTYPE, "C");
}

static void shards_have_labels_beside_their_images(void **state)
{
    (void)state;
    NEEDS(archive);
    make_folder("shards");
    for (int s = 0; s < 2; s++) {
        char name[64];
        snprintf(name, sizeof name, "shards/train-%06d.tar", s);
        struct archive *a = begin_archive(name);
        put_picture(a, "0001.png", 40 + s);
        put(a, "0001.cls", s ? "7\n" : "3", s ? 2 : 1);
        put_picture(a, "0002.seg.png", 50 + s);
        put(a, "0002.json", "{\"label\": 3}", 12);
        put_picture(a, "0003.png", 60 + s);
        archive_write_free(a);
    }
    assert_string_equal(
        content(request_of("shards")),
        "train-000000/0001.png=3 40;train-000000/0002.seg.png=3 50;train-000000/0003.png=- 60;"
        "train-000001/0001.png=7 41;train-000001/0002.seg.png=3 51;train-000001/0003.png=- 61;");
}

static void shards_may_be_called_as_splits(void **state)
{
    (void)state;
    NEEDS(archive);
    static const char *const shards[] = {"x-train-000000", "x-train-000001", "x-val-000000"};
    make_folder("called");
    for (int s = 0; s < 3; s++) {
        char name[64];
        snprintf(name, sizeof name, "called/%s.tar", shards[s]);
        struct archive *a = begin_archive(name);
        put_picture(a, "0001.png", 40 + s);
        put(a, "0001.cls", s ? "7" : "3", 1);
        archive_write_free(a);
    }
    struct pd_data_request test = request_of("called");
    test.split = PD_SPLIT_TEST;
    assert_string_equal(content(request_of("called")),
                        "train/x-train-000000/0001.png=3 40;train/x-train-000001/0001.png=7 41;");
    assert_string_equal(content(test), "val/x-val-000000/0001.png=7 42;");
}

/* --- labels in a file --- */

static struct pd_data_request with_table(const char *folder, const char *table, const char *text,
                                         const char *columns)
{
    struct pd_data_request r = request_of(folder);
    scratch_write(scratch_path(table), text, strlen(text));
    r.metadata = strchr(table, '/') ? NULL : scratch_path(table);
    r.metadata_columns = columns;
    return r;
}

static void make_pool(const char *folder)
{
    char name[64];
    make_folder(folder);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s/im%d.png", folder, i);
        write_picture(name, i);
    }
}

static void a_table_says_the_classes(void **state)
{
    (void)state;
    make_pool("pool");
    const char *expected = "im0.png=cat 0;im1.png=dog 1;im2.png=cat 2;im3.png=- 3;";
    assert_string_equal(content(with_table("pool", "a.csv",
                                           "file_name,label\nim0.png,cat\nim1.png,dog\nim2.png,cat\n", NULL)),
                        expected);
    assert_string_equal(
        content(with_table("pool", "b.csv", "id;dx;age\nim0;cat;3\nim1;dog;4\nim2;cat;5\nim9;cat;6\n", NULL)),
        expected);
    assert_contains(
        note_of(with_table("pool", "b.csv", "id;dx;age\nim0;cat;3\nim1;dog;4\nim2;cat;5\nim9;cat;6\n", NULL)),
        "labels of 3 images from ");
    assert_contains(note_of(with_table("pool", "b.csv", "id;dx\nim0;cat\nim9;dog\n", NULL)),
                    "1 of its rows name no image here, the first: 'im9'");
    assert_string_equal(
        content(with_table(
            "pool", "c.json",
            "{\"images\":[{\"id\":0,\"file_name\":\"im0.png\"},{\"id\":1,\"file_name\":\"x/im1.png\"},"
            "{\"id\":2,\"file_name\":\"im2.png\"}],\"categories\":[{\"id\":4,\"name\":\"cat\"},{\"id\":5,"
            "\"name\":\"dog\"}],\"annotations\":[{\"image_id\":0,\"category_id\":4},{\"image_id\":1,"
            "\"category_id\":5},{\"image_id\":2,\"category_id\":4}]}",
            NULL)),
        expected);
    assert_string_equal(
        content(with_table("pool", "pool/metadata.jsonl",
                           "{\"file_name\":\"im0.png\",\"label\":10}\n{\"file_name\":\"im1.png\","
                           "\"label\":9}\n{\"file_name\":\"im3.png\",\"label\":10}\n",
                           NULL)),
        "im0.png=10 0;im1.png=9 1;im2.png=- 2;im3.png=10 3;");
}

static void numbers_are_classes_by_number(void **state)
{
    (void)state;
    struct pd_dataset *d;
    make_pool("numbers");
    const struct pd_data_request r =
        with_table("numbers", "n.csv", "image,label\nim0.png,10\nim1.png,9\nim2.png,2\n", NULL);
    assert_int_equal(pd_dataset_open(&r, &d, &err), PD_OK);
    assert_int_equal(d->classes, 3);
    assert_string_equal(d->class_names[0], "2");
    assert_string_equal(d->class_names[2], "10");
    pd_dataset_destroy(d);
    const struct pd_data_request floats =
        with_table("numbers", "f.csv", "image,label\nim0.png,10.0\nim1.png,9.0\nim2.png,-1.0\n", NULL);
    assert_int_equal(pd_dataset_open(&floats, &d, &err), PD_OK);
    assert_string_equal(d->class_names[0], "-1.0");
    assert_string_equal(d->class_names[2], "10.0");
    pd_dataset_destroy(d);
}

/* Whatever an image may end in, a table may leave out. */
static void endings_are_left_out(void **state)
{
    (void)state;
    make_folder("endings");
    write_picture("endings/im0.Jfif", 0);
    write_picture("endings/im1.dib", 1);
    write_picture("endings/im2.PNG", 2);
    assert_string_equal(
        content(with_table("endings", "e.csv", "image,label\nim0,a\nx/im1,b\nim2.dcm,a\n", NULL)),
        "im0.Jfif=a 0;im1.dib=b 1;im2.PNG=a 2;");
}

static void a_column_says_the_split(void **state)
{
    (void)state;
    make_pool("columns");
    struct pd_data_request r = with_table(
        "columns", "s.csv",
        "split,image,label\ntrain,im0.png,a\ntest,im1.png,b\ntrain,im2.png,b\nTest,im3.png,a\n", NULL);
    assert_string_equal(content(r), "im0.png=a 0;im2.png=b 2;");
    r.split = PD_SPLIT_TEST;
    assert_string_equal(content(r), "im1.png=b 1;im3.png=a 3;");
    r = with_table("columns", "v.csv", "split,image,label\ntrain,im0.png,a\nval,im1.png,b\ntrain,im2.png,b\n",
                   NULL);
    r.split = PD_SPLIT_TEST;
    assert_string_equal(content(r), "im1.png=b 1;");
    r = with_table("columns", "o.csv", "image,label\nim0.png,a\nim1.png,b\n", NULL);
    r.split = PD_SPLIT_TEST;
    refuses(r, PD_ERR_IO, "no test split");
}

static void doubtful_tables_are_refused(void **state)
{
    (void)state;
    static char many[1 << 15];
    size_t n = (size_t)snprintf(many, sizeof many, "image,label\nim0.png,x\n");
    make_pool("doubtful");
    refuses(with_table("doubtful", "o.csv", "image,label\nother.png,a\n", NULL), PD_ERR_MISMATCH,
            "none of its 1 rows names an image");
    refuses(with_table("doubtful", "e.csv", "image,label,class\nim0.png,,a\nim1.png,,b\n", NULL),
            PD_ERR_MISMATCH, "no label in its 2 rows; image from 'image', label from 'label'");
    struct pd_data_request guessed =
        with_table("doubtful", "e.csv", "image,label,class\nim0.png,,a\nim1.png,,b\n", NULL);
    guessed.classes = "a,b";
    assert_contains(note_of(guessed), "column 'class' is not read\tmetadata-columns=IMAGE,class");
    refuses(with_table("doubtful", "k.csv", "image,kind\nim0.png,a\n", NULL), PD_ERR_USAGE,
            "no column for the label among 'image, kind'");
    refuses(with_table("doubtful", "k.csv", "image,kind\nim0.png,a\n", "image,sort"), PD_ERR_USAGE, "'sort'");
    refuses(with_table("doubtful", "q.csv", "image,label\nim0.png,\"cat\nim1.png,dog\nim2.png,cat\"\n", NULL),
            PD_ERR_FORMAT, "q.csv: line 2: a quote is opened there and not closed before rows further down");
    refuses(with_table("doubtful", "q.csv", "label,image,note\ncat,im0,\"big\ndog,im1,small\"\n", NULL),
            PD_ERR_FORMAT, "q.csv: line 2: a quote is opened there");
    assert_contains(
        note_of(with_table("doubtful", "q.csv",
                           "image,label,note\nim0,a,\"a cat\nim9,a hat, and\nim1\"\nim1,b,\n", NULL)),
        "labels of 2 images");
    assert_contains(note_of(with_table("doubtful", "q.csv",
                                       "image,label,note\nim0,a,\"seen on\nim2, High Street\"\n"
                                       "im1,b,\"size:\nim0, 12, 12\nim1, 9, 9\"\n",
                                       NULL)),
                    "labels of 2 images");
    refuses(with_table("doubtful", "q.csv", "note,image,label\n\"5 wide,im1,dog\n6\",im2,cat\n", NULL),
            PD_ERR_FORMAT, "q.csv: line 2: a quote is opened there");
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "im1.png,note %d\n", i);
    refuses(with_table("doubtful", "m.csv", many, NULL), PD_ERR_MISMATCH, "301 different labels in 301 rows");
    assert_contains(
        note_of(with_table("doubtful", "t.csv", "image,label\nim0.png,a\nim0.png,b\nim1.png,a\n", NULL)),
        "1 images have several classes there, so none");
}

/* What a table takes away, and what it may mean, is said. */
static void what_a_table_loses_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text, *columns, *words;
    } cases[] = {
        {"split,image,label\ntrain,im0.png,a\n,im1.png,b\nholdout,im2.png,b\ntest,im3.png,a\n", NULL,
         "2 are of no split, the first: '', expected train, test or val"},
        {"image,label,Usage\nim0.png,a,Training\nim1.png,b,PublicTest\n", NULL,
         "column 'Usage' looks like a split and is not used"},
        {"[{\"image\":\"im0.png\",\"label\":\"a\",\"is_test\":false}]", NULL,
         "column 'is_test' looks like a split"},
        {"image,label,Fold\nim0.png,a,0\nim1.png,b,4\n", NULL, "label from 'label')\n"},
        {"image,label,Fold\nim0.png,a,0\nim1.png,b,4\n", NULL,
         "column 'Fold' looks like a split and is not used"},
        {"image,label,is_test\nim0.png,a,0\nim1.png,b,1\n", NULL, "column 'is_test' looks like a split"},
        {"image,label,split\nim0.png,a,0\nim1.png,b,1\n", "image,label", "column 'split' looks like a split"},
        {"image,label,training_set\nim0.png,a,0\nim1.png,b,1\n", NULL,
         "column 'training_set' looks like a split"},
        {"image,label,split\nim0.png,a,train\nim1.png,b,test\nim0.png,a,test\n", NULL,
         "1 rows say another split of an image than one above, which counts"},
        {"image,label\nim0.png,Mass\nim1.png,Mass|Node\nim2.png,\"['Node', 'Mass']\"\n", NULL,
         "2 labels look like lists of others ('Mass|Node'): each is a class of its own"},
        {"image,label\nim0.png,20.0\nim1.png,21.5\n", NULL, "labels are numbers with fractions (21.5)"},
        {"split,image,label\ntrain,im0.png,a\nval,im1.png,b\nval,im2.png,b\ntest,im3.png,a\n", NULL,
         "; 2 of 'val' are not used"},
        {"image,label\nim0.PNG,a\nim1.dcm,b\nim2.png,b\n", NULL, "labels of 3 images"},
        {"image,label\nt/im0,a\nt/im1.dcm,b\nlosses/im2,b\n", NULL,
         "; 2 name images of another folder, taken for those here, the first: 't/im0'"},
        {"image,label\nim0.PNG,a\nim1.dcm,b\nim2.png,b\n", NULL,
         "; 2 give an image another ending than it has, the first: 'im0.PNG'"},
        {"image,label\nim0.png,hot dog\nim1.png,dog\nim2.png,rust\nim3.png,rust dog\n", NULL,
         "'rust dog' looks like a list of labels"},
        {"image,label\nim0.png,\"['a','b']\"\nim1.png,['a']\n", NULL,
         "'['a','b']' looks like a list of labels"},
        {"image,label\nlosses/im0.png,a\ntest/im1.png,b\ntest/im2.png,b\n", NULL,
         "; 2 name images of another folder, taken for those here, the first: 'test/im1.png'"},
        {"image,label\nim0.png,a\n/x/y/im0.png,b\nim1.png,b\n", NULL,
         "; 1 rows of another folder say another class than one without a folder, which counts, the first: "
         "'/x/y/im0.png'"},
        {"image,label\n/x/y/im0.png,b\nim0.png,a\nim1.png,b\n", NULL,
         "; 1 rows of another folder say another class than one without a folder, which counts, the first: "
         "'/x/y/im0.png'"},
        {"image,label,label_corrected\nim0.png,a,b\nim1.png,b,\n", NULL,
         "column 'label_corrected' is not read"},
        {"image,label,status\nim0.png,a,rejected\nim1.png,b,\n", NULL, "column 'status' is not read"},
        {"image,label,answer\nim0.png,a,accept\nim1.png,b,reject\n", NULL,
         "; 1 are rejected or ignored by 'answer', so without a label"},
        {"image,label,subset\nim0.png,a,default\nim1.png,b,default\n", NULL, "labels of 2 images"},
        {"id,photo,label\nim0,im1.png,a\nim1,im0.png,b\n", NULL,
         "column 'photo' has names of files, too, and is not used"},
        {"image,new_name,label\nim0.png,im0.png,a\nim1.png,im2.png,b\n", NULL,
         "column 'new_name' names other images ('im2.png' where the one that is taken has 'im1.png')"},
        {"image,label,Confidence\nim0.png,a,1\nim1.png,b,0\n", "image,label",
         "column 'Confidence' is not used: labels of 1 rows that hold 0 there count, too"},
        {"{\"image\":\"im0.png\",\"new_name\":\"im1.png\",\"label\":\"a\"}", NULL,
         "column 'new_name' names other images"},
        {"[{\"image\":\"im0.png\",\"label\":\"a\",\"confidence\":1},"
         "{\"image\":\"im1.png\",\"label\":\"b\",\"confidence\":0.0}]",
         NULL, "column 'confidence' is not used: labels of 1 rows"},
        {"{\"file_name\":\"im0.png\",\"label\":\"a\"}\n{\"file_name\":\"im1.png\",\"class\":\"b\"}\n"
         "{\"image\":\"im2.png\",\"label\":\"b\"}\n",
         NULL, "; 1 rows have no image's name, the first in line 3; 1 have no label but 'class' or the like"},
    };
    make_pool("losses");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_contains(note_of(with_table("losses", "l.csv", cases[i].text, cases[i].columns)),
                        cases[i].words);
    const char *plain = note_of(
        with_table("losses", "p.csv", "image,label,place\nim0.png,1.0,train 1\nim1.png,0.0,road\n", NULL));
    assert_null(strstr(plain, "looks like"));
    assert_null(strstr(plain, "fractions"));
    plain = note_of(with_table("losses", "p.csv",
                               "image,path,label,Confidence\nim0.png,x/im0.png,a,0.5\n"
                               "im1.png,x/im1.png,b,0\n",
                               NULL));
    assert_null(strstr(plain, "column '"));
    plain = note_of(with_table("losses", "p.csv",
                               "image,augmented_of,label\nim0.png,im1.png,a\nim1.png,,b\nim2.png,im1.png,b\n",
                               NULL));
    assert_null(strstr(plain, "column '"));
    plain = note_of(with_table("losses", "p.csv",
                               "image,mask,new_name,label\nim0.png,im3.png,im1.png,a\nim1.png,,im2.png,b\n",
                               NULL));
    assert_contains(plain, "column 'new_name' names other images");
    assert_null(strstr(plain, "metadata-columns=new_name"));
    plain = note_of(
        with_table("losses", "u.csv", "image,label,usage\nim0.png,a,Casual\nim1.png,b,Sports\n", NULL));
    assert_null(strstr(plain, "looks like a split"));
    struct pd_data_request r =
        with_table("losses", "c.csv", "image,label\nim0.png,Cat\nim1.png,dog\nim2.png,cat\n", NULL);
    r.classes = "cat,dog";
    assert_contains(note_of(r), "1 labels are written otherwise than their class, the first: 'Cat' is 'cat'");
    assert_contains(content(r), "im0.png=cat 0;im1.png=dog 1;im2.png=cat 2;");
    r.classes = "Cat,cat,dog";
    assert_null(strstr(note_of(r), "written otherwise"));
    r = with_table("losses", "c.csv", "image,label\nim0.png,0.0\nim1.png,1.0\nim2.png,\n", NULL);
    r.classes = "00,01";
    assert_contains(content(r), "im0.png=00 0;im1.png=01 1;im2.png=- 2;");
    r.classes = "cat,dog"; /* a number is no place */
    assert_contains(note_of(r), "2 have a label that is none of the classes, the first: '0.0'");
    r = with_table("losses", "c.csv", "image,label\nim0.png,Cat\nim1.png,dog\nim2.png,cat\n", NULL);
    r.classes = "cat, dog";
    assert_contains(note_of(r), "2 classes (cat, dog)");
    refuses(with_table("losses", "f.csv", "image,label,split\nim0,a,0\nim1,b,1\nim2,a,2\nim3,b,0\n", NULL),
            PD_ERR_USAGE,
            "no row of the training split; 4 say '0' and the like, expected train, test or val");
}

/* "dir,file": a name that stands in one folder, and in the root. */
static void a_column_of_folders_is_said(void **state)
{
    (void)state;
    static const char text[] = "dir,file,label\nx1,im0.png,a\nx1,im1.png,b\n";
    make_folder("dirs");
    make_pool("dirs/x1");
    assert_null(strstr(note_of(with_table("dirs", "d.csv", text, NULL)), "column 'dir'"));
    write_picture("dirs/im1.png", 9);
    assert_contains(content(with_table("dirs", "d.csv", text, NULL)),
                    "im1.png=- 9;x1/im0.png=a 0;x1/im1.png=b");
    assert_contains(note_of(with_table("dirs", "d.csv", text, NULL)), "; their folders from 'dir'");
    const char *note = note_of(
        with_table("dirs", "d.csv", "dir,file,label\nx1,im0.png,a\nx2,im2.png,b\nx1,im3.png,b\n", NULL));
    assert_contains(note, "labels of 2 images");
    assert_contains(note, "; 1 of its rows name no image here, the first: 'x2/im2.png'");
    assert_contains(note_of(with_table("dirs", "d.csv", "dir,file,label\ny,im0.png,a\ny,im2.png,b\n", NULL)),
                    "column 'dir' is not used: no image is 'y/im0.png', so labels go by 'im0.png' alone");
    assert_contains(
        note_of(
            with_table("dirs", "d.csv", "file_name,path,label\nim1.png,x1/im1.png,a\nim0.png,,b\n", NULL)),
        "column 'path' names other images ('x1/im1.png' where the one that is taken has 'im1.png')");
}

/* One that lies there counts for more than folders: where both may be meant, a line says so. */
static void a_table_outranks_folders(void **state)
{
    (void)state;
    make_folder("ranks");
    make_pool("ranks/cat");
    make_pool("ranks/dog");
    const char *note =
        note_of(with_table("ranks", "ranks/metadata.csv",
                           "file_name,target\ncat/im0.png,0\ncat/im1.png,1\ndog/im2.png,0\n", NULL));
    assert_contains(note, "the folders (cat, dog) are not the classes: metadata.csv says them");
    note = note_of(with_table("ranks", "ranks/metadata.csv",
                              "file_name,target\ncat/im0.png,0\ncat/im1.png,0\ncat/im2.png,0\ncat/im3.png,0\n"
                              "dog/im0.png,1\ndog/im1.png,1\ndog/im2.png,1\ndog/im3.png,1\n",
                              NULL));
    assert_null(strstr(note, "are not the classes"));
    assert_null(strstr(note, "is not read"));
    assert_null(strstr(note, "passed over"));
    note = note_of(with_table("ranks", "ranks/metadata.jsonl", "{}", NULL));
    assert_contains(note, "passed over: 1 .jsonl\n");
    assert_contains(note, "ranks/metadata.jsonl is not read, as that table comes first");
    make_pool("alone");
    note = note_of(with_table("alone", "alone/metadata.csv", "image,label\nim0.png,a\n", NULL));
    assert_contains(note, "no two classes to tell apart");
    assert_null(strstr(note, "are there labels"));
}

/* Captions beside class folders; a table for one split alone. */
static void tables_and_folders_do_not_mix(void **state)
{
    (void)state;
    make_folder("mix");
    make_folder("mix/train");
    make_pool("mix/train/cat");
    make_folder("mix/test");
    make_pool("mix/test/cat");
    make_pool("mix/test/dog");
    static const char captions[] = "file_name,text\ncat/im0.png,a cat\n";
    struct pd_data_request r = with_table("mix/test", "mix/test/metadata.csv", captions, NULL);
    assert_contains(content(r), "cat/im0.png=cat 0;");
    assert_contains(note_of(r),
                    "metadata.csv has no columns of images and their labels, so the folders are the "
                    "classes\tmetadata-columns=IMAGE,LABEL");
    r.metadata = scratch_path("mix/test/metadata.csv");
    refuses(r, PD_ERR_USAGE, "no column for the label among 'file_name, text'");
    r = with_table("mix/test/cat", "mix/test/cat/metadata.csv", captions, NULL); /* flat */
    refuses(r, PD_ERR_USAGE, "no column for the label among 'file_name, text'");
    assert_int_equal(unlink(scratch_path("mix/test/metadata.csv")), 0);
    r = with_table("mix", "mix/train/metadata.csv", "file_name,label\ncat/im0.png,x\ncat/im1.png,dog\n",
                   NULL);
    assert_contains(content(r), "train/cat/im0.png=x 0;train/cat/im1.png=dog 1;");
    r.split = PD_SPLIT_TEST;
    refuses(r, PD_ERR_MISMATCH,
            "train/metadata.csv says the classes of the training split, expected such a file");
    assert_int_equal(unlink(scratch_path("mix/train/metadata.csv")), 0);
    r = with_table("mix", "mix/metadata.csv", "file_name,label\ntrain/cat/im0.png,x\n", NULL);
    r.split = PD_SPLIT_TEST;
    assert_contains(note_of(r),
                    "the folders (test/cat, test/dog) are not the classes: metadata.csv says them");
}

/* Each split has its own table, whatever its folder is called; folders come before a column. */
static void tables_lie_in_folders_of_splits(void **state)
{
    (void)state;
    static const char text[] = "file_name,label,split\nim0.png,a,test\nim1.png,b,train\n";
    make_folder("own");
    make_pool("own/Train");
    make_pool("own/validation");
    struct pd_data_request r = with_table("own", "own/Train/metadata.csv", text, NULL);
    r = with_table("own", "own/validation/metadata.csv", text, NULL);
    assert_contains(content(r), "Train/im0.png=a 0;Train/im1.png=b 1;");
    assert_contains(note_of(r), "; its splits are not used, as folders say them");
    r.split = PD_SPLIT_TEST;
    assert_contains(content(r), "validation/im0.png=a 0;validation/im1.png=b 1;");
    make_folder("zip");
    make_folder("zip/top");
    make_pool("zip/top/train");
    r = with_table("zip", "zip/top/metadata.csv", "file_name,label\ntrain/im0.png,a\ntrain/im1.png,b\n",
                   NULL);
    assert_contains(content(r), "top/train/im0.png=a 0;top/train/im1.png=b 1;");
    write_picture("zip/im0.png", 9); /* no archive's */
    assert_contains(content(r), "im0.png=- 9;");
}

/* One table for both splits, whose images may be numbered alike: no label of one is the other's. */
static void names_in_both_splits_are_told_apart(void **state)
{
    (void)state;
    make_folder("twice");
    make_pool("twice/train");
    make_pool("twice/test");
    struct pd_data_request r = with_table("twice", "n.csv", "file_name,label\nim0.png,a\nim1.png,b\n", NULL);
    assert_contains(content(r), "train/im0.png=a 0;train/im1.png=b 1;");
    assert_contains(note_of(r), "; 2 may be about an image in either split, taken for the training split's");
    r.split = PD_SPLIT_TEST;
    assert_contains(content(r), "test/im0.png=- 0;test/im1.png=- 1;");
    r = with_table("twice", "s.csv", "file_name,label,split\nim0.png,a,train\nim0.png,b,test\n", NULL);
    assert_contains(content(r), "train/im0.png=a 0;");
    assert_null(strstr(note_of(r), "not used"));
    r.split = PD_SPLIT_TEST;
    assert_contains(content(r), "test/im0.png=b 0;");
    r = with_table("twice", "p.csv", "file_name,label\ntrain/im0.png,a\ntest/im0.png,b\n", NULL);
    assert_contains(content(r), "train/im0.png=a 0;");
    assert_null(strstr(note_of(r), "name no image"));
    r = with_table("twice/train", "p.csv", "file_name,label\ntest/im0.png,b\ntrain/im0.png,a\n", NULL);
    assert_contains(content(r), "im0.png=a 0;");
    assert_null(strstr(note_of(r), "another folder"));
}

static void rows_that_differ_give_no_label(void **state)
{
    (void)state;
    make_pool("differ");
    assert_string_equal(content(with_table("differ", "d.csv",
                                           "image,label\nim0.png,a\nim0.png,b\nim0.png,a\nim1.png,b\n"
                                           "im1.png,\nim2.png,\nim2.png,a\n",
                                           NULL)),
                        "im0.png=- 0;im1.png=b 1;im2.png=a 2;im3.png=- 3;");
    struct pd_data_request r = with_table(
        "differ", "s.csv",
        "image,label,split\nim0.png,a,train\nim1.png,b,train\nim3.png,a,test\nim3.png,b,test\n", NULL);
    assert_string_equal(content(r), "im0.png=a 0;im1.png=b 1;im2.png=- 2;");
    write_picture("differ/im3.jpg", 6); /* a photo and its mask */
    assert_string_equal(content(with_table("differ", "e.csv", "id,label\nim1,b\nim2,a\nim3,a\n", NULL)),
                        "im0.png=- 0;im1.png=b 1;im2.png=a 2;im3.jpg=- 6;im3.png=- 3;");
    assert_contains(note_of(with_table("differ", "e.csv", "id,label\nim1,b\nim2,a\nim3,a\n", NULL)),
                    "1 of its rows name no single image here, the first: 'im3'");
    make_folder("differ/x");
    write_picture("differ/x/im0.png", 7);
    make_folder("differ/y");
    write_picture("differ/y/im9.png", 8);
    write_picture("differ/x/im9.png", 9);
    refuses(with_table("differ", "o.csv", "image,label\nim9.png,a\n", NULL), PD_ERR_MISMATCH,
            "names one image in");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archives_are_folders),
        cmocka_unit_test(copies_in_archives_are_told_by_their_files),
        cmocka_unit_test(hostile_archives_are_refused),
        cmocka_unit_test(tars_are_read_to_their_end),
        cmocka_unit_test(names_that_come_twice_are_refused),
        cmocka_unit_test(shards_have_labels_beside_their_images),
        cmocka_unit_test(shards_may_be_called_as_splits),
        cmocka_unit_test(a_table_says_the_classes),
        cmocka_unit_test(numbers_are_classes_by_number),
        cmocka_unit_test(endings_are_left_out),
        cmocka_unit_test(a_column_says_the_split),
        cmocka_unit_test(doubtful_tables_are_refused),
        cmocka_unit_test(what_a_table_loses_is_said),
        cmocka_unit_test(a_column_of_folders_is_said),
        cmocka_unit_test(a_table_outranks_folders),
        cmocka_unit_test(tables_and_folders_do_not_mix),
        cmocka_unit_test(tables_lie_in_folders_of_splits),
        cmocka_unit_test(names_in_both_splits_are_told_apart),
        cmocka_unit_test(rows_that_differ_give_no_label),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
