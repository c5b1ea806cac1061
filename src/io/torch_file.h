/* What torch.save makes of a dict of tensors: a zip with a pickle and a file for each storage (PyTorch 1.6
 * and later), or pickles one after the other and the storages behind them (before).
 *
 * A pickle is a program; here it is read as data. Known are the opcodes and the names that a dict of tensors
 * takes; anything else is refused by name, and nothing is ever run. */
#ifndef PD_IO_TORCH_FILE_H
#define PD_IO_TORCH_FILE_H

#include "io/array.h"

#include <paydirt/error.h>

struct pd_torch;

/* Whether these first bytes of a file can be such a file's. */
bool pd_torch_looks_like(const void *bytes, size_t size);

/* Of bytes in memory, which are borrowed until destroy. name: for messages. PD_ERR_FORMAT: not such a file,
 * truncated, or with something else in it; PD_ERR_UNSUPPORTED: a tensor whose numbers do not lie in one row,
 * big-endian, tensors in a dict within the dict; PD_ERR_MEMORY. Memory grows with the file, not with what it
 * says. */
enum pd_status pd_torch_parse(const void *bytes, size_t size, const char *name, struct pd_torch **out,
                              struct pd_error *err);
void pd_torch_destroy(struct pd_torch *torch); /* also NULL */

/* Tensors in the dict's order, aligned; theirs until destroy. */
size_t pd_torch_count(const struct pd_torch *torch);
const struct pd_io_array *pd_torch_at(const struct pd_torch *torch, size_t index);

#endif
