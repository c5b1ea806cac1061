/* A network as an ONNX model (https://onnx.ai/onnx/repo-docs/IR.html): built value by value, then written at
 * once. IR version 8, operators of set 17. */
#ifndef PD_IO_ONNX_H
#define PD_IO_ONNX_H

#include "io/array.h"

#include <paydirt/error.h>

struct pd_onnx;
struct pd_onnx_node;

enum { PD_ONNX_ANY = -1 }; /* a dimension: as many as there are images, "N" */

/* PD_ERR_MEMORY. Whatever runs out of memory after that is reported by pd_onnx_write; NULL is then what the
 * others return, and take. */
enum pd_status pd_onnx_create(struct pd_onnx **out, struct pd_error *err);
void pd_onnx_destroy(struct pd_onnx *model); /* also NULL */

/* Every name and text is copied, and must be UTF-8. about: what the model is, for people. */
void pd_onnx_about(struct pd_onnx *model, const char *name, const char *about);
void pd_onnx_meta(struct pd_onnx *model, const char *key, const char *value);

/* float32, int64 or uint8; a dimension may be PD_ONNX_ANY. */
void pd_onnx_input(struct pd_onnx *model, const char *name, enum pd_io_dtype dtype, int rank,
                   const int64_t *dims);
void pd_onnx_output(struct pd_onnx *model, const char *name, enum pd_io_dtype dtype, int rank,
                    const int64_t *dims);

/* A constant of that name (float32 or int64): room for its numbers, which the caller fills in. */
void *pd_onnx_constant(struct pd_onnx *model, const char *name, enum pd_io_dtype dtype, int rank,
                       const int64_t *dims);
bool pd_onnx_has(const struct pd_onnx *model, const char *name); /* a constant of that name */

/* An operator that makes a value of that name, from those that pd_onnx_node_input names in their order. Nodes
 * must come behind what they need. */
struct pd_onnx_node *pd_onnx_node(struct pd_onnx *model, const char *op, const char *output);
void pd_onnx_node_input(struct pd_onnx_node *node, const char *name);
void pd_onnx_node_real(struct pd_onnx_node *node, const char *attribute, double value);
void pd_onnx_node_integer(struct pd_onnx_node *node, const char *attribute, int64_t value);
void pd_onnx_node_integers(struct pd_onnx_node *node, const char *attribute, int n, const int64_t *values);

/* The file appears whole or not at all; the same model gives the same bytes. PD_ERR_UNSUPPORTED: it would be
 * larger than the format allows, 2 GB; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_onnx_write(struct pd_onnx *model, const char *path, struct pd_error *err);

#endif
