/* Antialiased bilinear resize of 8-bit planes, as Pillow's Image.resize(..., BILINEAR) does it, number for
 * number: rows first, then columns, each rounded to 8 bits, with the triangle filter as wide as the reduction
 * asks. */
#ifndef PD_DATA_IMAGES_RESIZE_H
#define PD_DATA_IMAGES_RESIZE_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

/* Filter weights for one pair of sizes; read-only once made, so threads may share it. */
struct pd_resize;

/* Sides in pixels, 1 .. 65535. PD_ERR_USAGE (a side out of range), PD_ERR_MEMORY. */
enum pd_status pd_resize_create(int height, int width, int new_height, int new_width, struct pd_resize **out,
                                struct pd_error *err);
void pd_resize_destroy(struct pd_resize *resize);

/* Bytes of scratch that pd_resize_plane wants: height * new_width. */
size_t pd_resize_scratch_size(const struct pd_resize *resize);

/* src (height, width) to dst (new_height, new_width). */
void pd_resize_plane(const struct pd_resize *resize, const uint8_t *src, uint8_t *dst, uint8_t *scratch);

/* Swaps rows and columns of a plane (side, side). */
void pd_turn_plane(uint8_t *plane, size_t side);

/* The sizes of an image whose short side becomes `side`; the long one keeps the proportion, rounded down. */
void pd_fit_short_side(int height, int width, int side, int *new_height, int *new_width);

#endif
