/* A machine for pickles of protocol 2. A pickle is a program that may call any function; here nothing is
 * called: the machine knows numbers, texts, tuples, lists and the memo, and who reads a kind of pickles
 * brings the names that these may have in them and the opcodes that make something of them. */
#ifndef PD_IO_PICKLE_H
#define PD_IO_PICKLE_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PD_PICKLE_MARK,
    PD_PICKLE_NONE,
    PD_PICKLE_BOOL,
    PD_PICKLE_INT,
    PD_PICKLE_TEXT,
    PD_PICKLE_TUPLE,
    PD_PICKLE_LIST,
    PD_PICKLE_DICT,
    PD_PICKLE_GLOBAL,
    PD_PICKLE_OWN /* the first kind of the reader's */
};

struct pd_pickle_value {
    int kind;
    uint32_t first, count; /* TUPLE, LIST: its part of the items */
    int64_t number;        /* BOOL, INT; DICT: which, from 1; GLOBAL: its place among the reader's */
    const char *bytes;     /* TEXT: within the pickle */
    size_t size, offset;   /* of the text; of the opcode that made it */
};

struct pd_pickle_list {
    struct pd_pickle_value *at; /* (n) */
    size_t n, room;
};

struct pd_pickle;

struct pd_pickle_reader {
    const char *what;           /* "tensors", for messages */
    size_t stack_most, most;    /* values on the stack; in lists and tuples, and in the memo */
    const char *const *globals; /* the first of global_count, stride bytes apart: "module\nname\n" */
    size_t global_count, stride;
    const struct pd_pickle_opcode {
        uint8_t code;
        void (*run)(struct pd_pickle *p);
    } * opcodes; /* (opcode_count) */
    size_t opcode_count;
};

struct pd_pickle {
    const struct pd_pickle_reader *reader;
    void *context; /* the reader's */
    const uint8_t *bytes;
    size_t size, at, opcode; /* at: the next byte; opcode: where the one that is run stands */
    uint8_t code;            /* that one */
    const char *name;
    struct pd_error *err;
    enum pd_status status; /* the first failure stays, and what runs after it does no harm */
    bool stopped;
    int dicts;
    struct pd_pickle_list stack, items, memo;
};

/* From bytes + at on, up to its end; then one value is on the stack. PD_ERR_FORMAT with the offset;
 * PD_ERR_MEMORY. The caller releases p, also after a failure. */
enum pd_status pd_pickle_run(struct pd_pickle *p);
void pd_pickle_release(struct pd_pickle *p);

/* --- for the reader's opcodes --- */

void pd_pickle_refuse(struct pd_pickle *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pd_pickle_push(struct pd_pickle *p, int kind, int64_t number);

/* The top n values, none of them a mark; NULL: refused. */
struct pd_pickle_value *pd_pickle_peek(struct pd_pickle *p, size_t n);

/* The *n values above the topmost mark, which go with it; they stay readable until the next push. NULL:
 * refused. */
struct pd_pickle_value *pd_pickle_pop_marked(struct pd_pickle *p, size_t *n);

bool pd_pickle_is_text(const struct pd_pickle_value *v, const char *words);

/* Whether it is a tuple of n values of these kinds. */
bool pd_pickle_has_kinds(const struct pd_pickle *p, const struct pd_pickle_value *tuple, const int *kinds,
                         uint32_t n);

#endif
