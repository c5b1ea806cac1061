/* A pool to select from (select.h) in files of logits, or of probabilities, read block by block: what
 * `paydirt select` takes. */
#ifndef PAYDIRT_POOL_H
#define PAYDIRT_POOL_H

#include <paydirt/rows.h>
#include <paydirt/select.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the files are said to hold. */
struct pd_pool_request {
    const char *logits, *class_logits; /* paths; NULL or "": not given */
    const char *features;              /* a row of them for each sample */
    const char *passes;                /* class logits (passes, n, classes); held in memory */
    const char *labelled;              /* numbers of labelled rows, one a row, each once */
    enum pd_rows_choice header, index; /* of text tables */
    enum pd_rows_choice sigmoid;       /* real/fake: after the sigmoid; auto: refused where it looks so */
    enum pd_rows_choice probabilities; /* class logits, passes: after the softmax; likewise */
    bool bfloat16;                     /* arrays of two-byte integers hold bfloat16s */
    bool log_probabilities;            /* class logits: logarithms of these */
    bool binary;                       /* class logits: one column, of the second of two classes */
};

struct pd_pool_files;

/* Opens what the strategy needs. One that needs nothing still needs one of the two, to know how many rows
 * there are. request is copied, its paths are not. PD_ERR_USAGE: something is missing; PD_ERR_MISMATCH: rows
 * of another width; PD_ERR_FORMAT: labelled rows that are none; those of pd_rows_open. */
enum pd_status pd_pool_files_open(const struct pd_strategy *strategy, const struct pd_pool_request *request,
                                  struct pd_pool_files **out, struct pd_error *err);
void pd_pool_files_close(struct pd_pool_files *files); /* also NULL */

/* For pd_select_stream; it lives as long as files. PD_ERR_MISMATCH: one file ends before the other.
 * PD_ERR_USAGE: probabilities for logits, or the other way round. */
struct pd_pool_source pd_pool_files_source(struct pd_pool_files *files);

/* All of it in memory, for pd_strategy_choose, whatever was read before; *pool lives as long as files, and is
 * read anew by another call. Memory grows with what is read. Fails as the source. */
enum pd_status pd_pool_files_load(struct pd_pool_files *files, const struct pd_pool **pool,
                                  struct pd_error *err);

/* After the last block: PD_ERR_MISMATCH where another file, read to its end, names its rows otherwise
 * (pd_rows_agree). */
struct pd_rows;
enum pd_status pd_pool_files_check(const struct pd_pool_files *files, const struct pd_rows *other,
                                   struct pd_error *err);

/* After the last block: hands over lines on how the files were understood, without newlines, as
 * pd_rows_describe's. */
void pd_pool_files_describe(const struct pd_pool_files *files, void (*line)(void *context, const char *words),
                            void *context);

#ifdef __cplusplus
}
#endif

#endif
