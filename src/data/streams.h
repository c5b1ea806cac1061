/* Streams of random numbers that the data layer draws from (struct pd_rng): one for each purpose, so that no
 * two share numbers under one seed. Ids below 0x7DA70000 are left to the graph's nodes. */
#ifndef PD_DATA_STREAMS_H
#define PD_DATA_STREAMS_H

enum pd_data_stream {
    PD_STREAM_ORDER = 0x7DA70000, /* loader: order of the images (of the unlabelled, where they are apart) */
    PD_STREAM_ORDER_LABELLED,     /* loader: order of the labelled images, where they are apart */
    PD_STREAM_AUGMENT,            /* loader: crop and flip */
    PD_STREAM_SUBSET,             /* which images are labelled */
    PD_STREAM_SUBSET_CLASS,       /* which classes get one more; always the stream after the images' */
    PD_STREAM_VALIDATION,
    PD_STREAM_VALIDATION_CLASS,
    PD_STREAM_STROKES_TRAIN,
    PD_STREAM_STROKES_TEST,
    PD_STREAM_SYNTHETIC_CENTRES,
    PD_STREAM_SYNTHETIC_TRAIN,
    PD_STREAM_SYNTHETIC_TEST,
    PD_STREAM_THIN,    /* which images of a set are kept */
    PD_STREAM_CLASSES, /* which classes of a set are taken */
};

#endif
