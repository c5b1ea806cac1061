/* The book of a page: every press of a key that meant something, in RUN/page.db, only ever added to, each on
 * disk before the page says so. What stands now follows from it: who says what of an image, where they
 * disagree, classes that were added, notes. */
#ifndef PD_SERVE_BOOK_H
#define PD_SERVE_BOOK_H

#include "serve/asked.h"

enum {
    PD_PEOPLE_MOST = 64,
    PD_PERSON_SIZE = 64,
    PD_PRESS_KEY = 65,
    PD_BOOK_ID = 17,
    PD_NOTE_TEXT = 2000,
    PD_CLASSES_MOST = 4096
};
enum { PD_NOBODY = -1 };

enum pd_press_kind {
    PD_PRESS_ANSWER, /* label of an image by a person; PD_ANSWER_SKIP */
    PD_PRESS_UNDO,   /* takes back an answer or a settling, by its number */
    PD_PRESS_NOTE,   /* a person's text to an image; "" takes it away */
    PD_PRESS_SETTLE, /* what several people say of an image is so */
    PD_PRESS_CLASS,  /* a class more */
    PD_PRESS_RENAME, /* another name for a class, on the page */
    PD_PRESS_KINDS
};
extern const char *const pd_press_kinds[PD_PRESS_KINDS]; /* what the file and the page call them */

struct pd_press {
    int64_t id, time;       /* time: milliseconds, UTC */
    int64_t was;            /* UNDO: which */
    uint32_t image, before; /* before: the image's press before this one, from 1; 0: none */
    int32_t person, label;
    int32_t over; /* the label that the page showed as the run's own when it was replaced, or -1 */
    uint8_t kind;
    bool undone;
};

struct pd_note {
    uint32_t image;
    int32_t person;
    int64_t time;
    char *text; /* owned */
};

struct pd_page_class {
    char name[PD_CLASS_NAME_SIZE]; /* what the run calls it */
    char shown[PD_CLASS_NAME_SIZE];
};

struct pd_book {
    const struct pd_asked_images *asked; /* borrowed */
    struct pd_store *store;              /* NULL: there is no file, and none is made */
    struct stat file;                    /* as it was opened for writing; zeroed: it is not on disk */
    struct pd_page_class *classes;       /* (class_count): the run's, then those that were added */
    int class_count, run_classes;
    char people[PD_PEOPLE_MOST][PD_PERSON_SIZE];
    int person_count;
    struct pd_press *at; /* (count) */
    size_t count, capacity;
    uint32_t *last; /* (data->count): an image's last press, from 1; 0: none */
    int64_t *said;  /* (data->count): number of the press that last changed what people say of it, one that
                       takes back too; 0: none */
    struct pd_note *notes;
    size_t note_count, note_capacity;
    char id[PD_BOOK_ID]; /* drawn when the file was made; "" where none is written */
    int needed;          /* people that must answer each image */
    int64_t lost;        /* presses about images that the data no longer have */
};

/* What somebody pressed. key: a text of their own choice, never used before; sent again, it does nothing. */
struct pd_pressed {
    enum pd_press_kind kind;
    const char *key, *person;
    uint32_t image;
    int32_t label;
    int32_t over;
    const char *name, *class; /* what the page calls image and label, whose numbers may be others' by now; or
                                 NULL: never mind */
    const char *of;           /* UNDO: the key of what is taken back; NULL: the person's last */
    int64_t was;      /* ANSWER: the number of theirs that the page showed, 0: none; SETTLE: the book's
                         said that it showed; -1: never mind */
    const char *text; /* of a note, or a class's name */
};

/* RUN/page.db; of a run without a folder (""), in memory. write: made where it is missing; else a missing one
 * is an empty book. PD_ERR_FORMAT: damaged, or of a newer version; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_book_open(const struct pd_asked_images *asked, bool write, struct pd_book *out,
                            struct pd_error *err);
void pd_book_close(struct pd_book *b); /* also a zeroed one */
bool pd_book_is_there(const char *run);

/* All of n presses, or none, on disk; ids[n]: their numbers, those of the first time where a key was used
 * before. PD_ERR_USAGE: one that cannot be, in words for people; PD_ERR_MISMATCH:
 * the person's answer is another than `was` meanwhile, or what is settled is, or image or class another than
 * its name; PD_ERR_IO: also where the file is gone, or another's; PD_ERR_MEMORY. */
enum pd_status pd_book_press(struct pd_book *b, struct pd_pressed *pressed, size_t n, int64_t *ids,
                             struct pd_error *err);

/* Whether a press can be, as pd_book_press says; and whether it is about an image. */
enum pd_status pd_book_check(const struct pd_book *b, const struct pd_pressed *p, struct pd_error *err);
bool pd_press_is_of_image(int kind);

/* Whether classes, a list with commas between, may be added to the run, whose own names are not looked at.
 * PD_ERR_USAGE: the page has added one of them, or calls another so. */
enum pd_status pd_book_check_more(const struct pd_book *b, const char *more, struct pd_error *err);

/* How many people must answer each image, from now on. */
enum pd_status pd_book_need(struct pd_book *b, int people, struct pd_error *err);

/* --- what stands now --- */

/* A person's present answer about an image, or NULL. */
const struct pd_press *pd_book_answer(const struct pd_book *b, uint32_t image, int person);

struct pd_verdict {
    int32_t label; /* what all agree on, or was settled; -1: nothing, or they disagree */
    int people;    /* that have answered */
    bool disputed,
        settled;  /* settled: by one of them, or by what the run was told later than they answered */
    int64_t time; /* of the last press that it follows from, or of what the run was told */
};
/* A label outranks a skip. is_final: enough people have answered, and they agree. */
struct pd_verdict pd_book_verdict(const struct pd_book *b, uint32_t image);
bool pd_verdict_is_final(const struct pd_book *b, const struct pd_verdict *v);

/* Somebody has answered, and too few have. */
bool pd_verdict_waits(const struct pd_book *b, const struct pd_verdict *v);

/* The person's last answer or settling that stands, or NULL. */
const struct pd_press *pd_book_last(const struct pd_book *b, int person);
const struct pd_press *pd_book_find(const struct pd_book *b, int64_t id);

int pd_book_person(const struct pd_book *b, const char *name);          /* or PD_NOBODY */
const char *pd_book_class_name(const struct pd_book *b, int32_t label); /* the run's, or "skip" */
const char *pd_book_class_shown(const struct pd_book *b, int32_t label);

/* Whether a press ever gave the image that label, or replaced it. */
bool pd_book_ever(const struct pd_book *b, uint32_t image, int32_t label);

/* Cohen's kappa of two people over the images to which both gave a class (1960): (po - pe) / (1 - pe). n: of
 * these; agreed: po * n. NAN where pe is 1 or n is 0. */
struct pd_agreement {
    int64_t n, agreed;
    double kappa;
};
struct pd_agreement pd_book_agreement(const struct pd_book *b, int one, int other);

#endif
