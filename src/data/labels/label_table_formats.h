/* What the formats of label tables have in common. */
#ifndef PD_DATA_LABELS_LABEL_TABLE_FORMATS_H
#define PD_DATA_LABELS_LABEL_TABLE_FORMATS_H

#include "data/labels/label_table.h"

enum pd_label_column { PD_COLUMN_IMAGE, PD_COLUMN_LABEL, PD_COLUMN_SPLIT, PD_COLUMNS };

struct pd_label_parse {
    const char *name; /* of the file */
    const char *text; /* NUL-terminated, no other NUL, no byte order mark */
    size_t size;
    const char *columns; /* as asked for, or "" */
    struct pd_label_table *out;
    struct pd_error *err;
};

/* A trimmed, printable copy; NULL: out of memory. */
char *pd_label_keep(struct pd_arena *arena, const char *text);

/* Adds a row; texts are copied and trimmed. An empty image's row is passed over. False: out of memory. */
bool pd_label_add(struct pd_label_table *table, const char *image, const char *label, const char *split,
                  int64_t row);

/* Which of `count` names stands for what: at[PD_COLUMNS], -1: none does. Says what was taken in
 * table->columns. PD_ERR_USAGE: no image among them, or none that was asked for. Where the label is -1 that
 * of a row is the column that holds 1, or the caller fails with pd_label_no_column. */
enum pd_status pd_label_choose(const struct pd_label_parse *p, const char *const *names, int count,
                               int at[PD_COLUMNS]);
/* PD_ERR_USAGE: what there is, and which option names them. */
enum pd_status pd_label_no_column(const struct pd_label_parse *p, const char *what, const char *const *names,
                                  int count);

/* PD_ERR_FORMAT: two columns of one name. */
enum pd_status pd_label_several(const struct pd_label_parse *p, const char *name);

/* The first of `count` columns that is called so, whatever the case and blanks around, or -1. */
int pd_label_named(const char *const *names, int count, const char *name);

/* Whether a column is so called as a rule: "id", "split". */
bool pd_label_is_usual(enum pd_label_column column, const char *name);

bool pd_label_names_split(const char *text); /* "train", "PublicTest", "val_2", but no path */

int pd_label_flag(const char *text, size_t size); /* 0 or 1, as pandas writes them, too; -1: neither */

/* Columns that are not taken and are looked at: of the table's other_like, unsure_like and rejected. Zeroed:
 * none. */
struct pd_label_beside {
    const struct pd_label_parse *p;
    const char *const *names; /* (count); borrowed, as is at */
    const int *at;
    int count, other, confidence, answer; /* columns, or -1 */
    bool faint;                           /* other is rather something else */
};

void pd_label_beside_find(struct pd_label_beside *b, const struct pd_label_parse *p, const char *const *names,
                          int count, const int at[PD_COLUMNS]);
/* texts: (count) a row's; added: the table has it. PD_ERR_MEMORY */
enum pd_status pd_label_beside_row(struct pd_label_beside *b, const char *const *texts, bool added);
void pd_label_beside_end(const struct pd_label_beside *b);

/* Each fills the table, or fails with PD_ERR_FORMAT, PD_ERR_USAGE (columns) or PD_ERR_MEMORY. */
enum pd_status pd_label_parse_csv(const struct pd_label_parse *p);
enum pd_status pd_label_parse_json_lines(const struct pd_label_parse *p);
enum pd_status pd_label_parse_coco(const struct pd_label_parse *p);
enum pd_status pd_label_parse_cvat(const struct pd_label_parse *p);

#endif
