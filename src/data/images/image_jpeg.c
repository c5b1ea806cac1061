#include "data/images/image_format.h"
#include "data/images/orientation.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <string.h>

#include <jpeglib.h>
/* after it */
#include <jerror.h>

enum { SCANS_MOST = 500 }; /* as in libturbojpeg: a small file of many scans would take hours */

struct jpeg {
    struct jpeg_decompress_struct lib;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf out;
    bool failed, ended;         /* ended: the file's bytes, before its mark of the end */
    bool has_scans;             /* all that it needs where that mark lacks */
    char lost[JMSG_LENGTH_MAX]; /* the first warning that means missing pixels */
};

/* --- what libjpeg reports --- */

static bool stands_in(int code, const int *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* Warnings are counted by libjpeg, all alike. Errors in the entropy-coded data and its premature end lose
 * pixels; the others (odd parameters of a scan, bytes between segments, unknown versions, bad profiles)
 * don't, and cameras write such files. */
static bool loses_pixels(int code)
{
    static const int codes[] = {JWRN_ARITH_BAD_CODE, JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_MUST_RESYNC};
    return stands_in(code, codes, sizeof codes / sizeof codes[0]);
}

/* Good files perhaps, but of a kind that libjpeg does not decode. */
static bool is_unsupported(int code)
{
    static const int codes[] = {JERR_ARITH_NOTIMPL,   JERR_BAD_PRECISION,      JERR_CCIR601_NOTIMPL,
                                JERR_COMPONENT_COUNT, JERR_CONVERSION_NOTIMPL, JERR_FRACT_SAMPLE_NOTIMPL,
                                JERR_NOTIMPL,         JERR_NOT_COMPILED,       JERR_SOF_UNSUPPORTED};
    return stands_in(code, codes, sizeof codes / sizeof codes[0]);
}

static void on_message(j_common_ptr lib, int level)
{
    struct jpeg *j = lib->client_data;
    if (level < 0 && !*j->lost && loses_pixels(lib->err->msg_code))
        lib->err->format_message(lib, j->lost);
    j->ended = j->ended || lib->err->msg_code == JWRN_JPEG_EOF;
}

/* Of a file without its mark of the end: whether no scan can lack. */
static bool has_all_scans(struct jpeg_decompress_struct *lib)
{
    if (lib->arith_code || (jpeg_has_multiple_scans(lib) && !lib->progressive_mode))
        return false;
    for (int c = 0; lib->progressive_mode && c < lib->num_components; c++)
        for (int i = 0; i < DCTSIZE2; i++)
            if (!lib->coef_bits || lib->coef_bits[c][i] != 0)
                return false;
    return true;
}

static void on_error(j_common_ptr lib)
{
    struct jpeg *j = lib->client_data;
    j->failed = true;
    longjmp(j->out, 1);
}

static void on_progress(j_common_ptr lib)
{
    const struct jpeg *j = lib->client_data;
    if (j->lib.input_scan_number > SCANS_MOST)
        ERREXIT(lib, JERR_BAD_PROGRESSION);
}

static void no_output(j_common_ptr lib)
{
    (void)lib;
}

static enum pd_status judge(struct jpeg *j, const struct pd_image_work *w)
{
    char words[JMSG_LENGTH_MAX];
    if (!j->failed)
        return *j->lost ? pd_image_broken(w, j->lost) : PD_OK;
    if (j->errors.msg_code == JERR_OUT_OF_MEMORY)
        return pd_image_no_memory(w);
    j->errors.format_message((j_common_ptr)&j->lib, words);
    return is_unsupported(j->errors.msg_code) ? pd_image_unsupported(w, words) : pd_image_broken(w, words);
}

/* --- decoding: each step ends early at an error --- */

static void open(struct jpeg *j, const struct pd_image_work *w)
{
    if (setjmp(j->out))
        return;
    jpeg_create_decompress(&j->lib);
    j->progress.progress_monitor = on_progress;
    j->lib.progress = &j->progress;
    jpeg_mem_src(&j->lib, w->bytes, w->size);
    jpeg_save_markers(&j->lib, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&j->lib, TRUE);
    const bool ink = j->lib.jpeg_color_space == JCS_CMYK || j->lib.jpeg_color_space == JCS_YCCK;
    j->lib.out_color_space = ink ? JCS_CMYK : JCS_RGB;
}

static void read_pixels(struct jpeg *j, const struct pd_image_work *w)
{
    if (setjmp(j->out))
        return;
    jpeg_start_decompress(&j->lib);
    const size_t stride = (size_t)w->width * (w->mix == PD_MIX_CMYK ? 4 : 3);
    while (j->lib.output_scanline < j->lib.output_height) {
        JSAMPROW row = w->pixels + j->lib.output_scanline * stride;
        jpeg_read_scanlines(&j->lib, &row, 1);
    }
    j->has_scans = has_all_scans(&j->lib);
    jpeg_finish_decompress(&j->lib);
}

static void read_codes(struct jpeg *j)
{
    if (!setjmp(j->out))
        jpeg_read_coefficients(&j->lib);
}

/* The first APP1 that begins so; NULL if there is none. */
static const uint8_t *find_segment(const struct jpeg *j, const char *prefix, size_t n, size_t *size)
{
    for (jpeg_saved_marker_ptr m = j->lib.marker_list; m; m = m->next)
        if (m->data_length >= n && !memcmp(m->data, prefix, n)) {
            *size = m->data_length - n;
            return m->data + n;
        }
    return NULL;
}

static void orient(const struct jpeg *j, struct pd_image_work *w)
{
    static const char exif_prefix[] = "Exif\0", xmp_prefix[] = "http://ns.adobe.com/xap/1.0/";
    size_t exif_size = 0, xmp_size = 0;
    const uint8_t *exif = find_segment(j, exif_prefix, sizeof exif_prefix, &exif_size);
    const uint8_t *xmp = find_segment(j, xmp_prefix, sizeof xmp_prefix, &xmp_size);
    w->orientation = pd_orientation(exif, exif_size, (const char *)xmp, xmp_size);
    w->plain_turn = w->orientation == pd_orientation(exif, exif_size, NULL, 0); /* browsers read no XMP */
}

static void prepare(struct jpeg *j)
{
    j->lib.client_data = j;
    j->lib.err = jpeg_std_error(&j->errors);
    j->errors.error_exit = on_error;
    j->errors.emit_message = on_message;
    j->errors.output_message = no_output;
}

/* Of a file without its mark of the end: PD_OK where its codes need its last byte, so that it was cut off
 * right behind them. Zeros (room that was set aside for what never came) and foreign bytes read as codes,
 * too, but hardly end where the pixels do. */
static enum pd_status check_end(const struct pd_image_work *w)
{
    size_t size = w->size;
    while (size && w->bytes[size - 1] == 0xff) /* a mark that has begun */
        size--;
    if (size < 2 || (!w->bytes[size - 1] && !w->bytes[size - 2]))
        return pd_image_broken(w, "zeros instead of its end");
    struct pd_image_work less = {.bytes = w->bytes, .size = size - 1, .name = w->name, .format = w->format};
    struct jpeg j = {0};
    prepare(&j);
    open(&j, &less);
    if (!j.failed)
        read_codes(&j);
    const enum pd_status status = judge(&j, &less);
    jpeg_destroy_decompress(&j.lib);
    if (status == PD_ERR_MEMORY)
        return pd_image_no_memory(w);
    return status ? PD_OK : pd_image_broken(w, "no mark of its end");
}

static enum pd_status decode(struct pd_image_work *w)
{
    struct jpeg j = {0};
    prepare(&j);
    open(&j, w);
    enum pd_status status = j.failed ? judge(&j, w) : PD_OK;
    if (!status)
        status = pd_image_reserve(w, j.lib.image_height, j.lib.image_width,
                                  j.lib.out_color_space == JCS_CMYK ? PD_MIX_CMYK : PD_MIX_RGB);
    if (!status) {
        orient(&j, w);
        read_pixels(&j, w);
        status = judge(&j, w);
    }
    jpeg_destroy_decompress(&j.lib);
    if (!status && j.ended)
        status = j.has_scans ? check_end(w) : pd_image_broken(w, "Premature end of JPEG file");
    return status;
}

pd_image_decoder *const pd_image_decode_jpeg = decode;

const char *pd_library_jpeg(char *text)
{
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d, its header's", LIBJPEG_TURBO_VERSION_NUMBER / 1000000,
             LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000, LIBJPEG_TURBO_VERSION_NUMBER % 1000);
    return text;
}
