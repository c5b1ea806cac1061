/* Every data set that can be opened by name: one line each. How to write one: doc/add-a-reader.md. */
#ifndef PD_DATA_READERS_READERS_H
#define PD_DATA_READERS_READERS_H

#include "data/dataset.h"

/* open function, name, side of a training image (0: points), installed folder, its package, one line of words
 */
#define PD_DATA_LIST(X)                                                                                      \
    X(pd_open_mnist, "mnist", 32, NULL, NULL, "handwritten digits: 60,000 + 10,000, grey 28x28, 10 classes") \
    X(pd_open_mnist, "fmnist", 32, "/usr/share/datasets/fashion-mnist", "dataset-fashion-mnist",             \
      "Fashion-MNIST, clothes: 60,000 + 10,000, grey 28x28, 10 classes")                                     \
    X(pd_open_mnist, "kmnist", 32, NULL, NULL,                                                               \
      "Kuzushiji-MNIST, cursive Japanese: 60,000 + 10,000, grey 28x28, 10 classes")                          \
    X(pd_open_mnist, "emnist", 32, NULL, NULL, "EMNIST letters: 124,800 + 20,800, grey 28x28, 26 classes")   \
    X(pd_open_cifar10, "cifar10", 32, NULL, NULL,                                                            \
      "small photographs: 50,000 + 10,000, colour 32x32, 10 classes")                                        \
    X(pd_open_svhn, "svhn", 32, NULL, NULL, "house numbers: 73,257 + 26,032, colour 32x32, 10 classes")      \
    X(pd_open_stl10, "stl10", 32, NULL, NULL,                                                                \
      "photographs: 5,000 + 8,000, and 100,000 without labels, colour 96x96, 10 classes")                    \
    X(pd_open_tiny_imagenet, "tiny-imagenet", 32, NULL, NULL,                                                \
      "photographs: 400 + 100 a class, colour 64x64, 10 classes of 200")                                     \
    X(pd_open_lsun, "lsun", 32, NULL, NULL, "scenes: the 300 validation images a class, colour, 10 classes") \
    X(pd_open_folder, "folder", 32, NULL, NULL,                                                              \
      "your images, PNG, JPEG or WebP of any size, such as ./photos")                                        \
    X(pd_open_archive, "archive", 32, NULL, NULL,                                                            \
      "your images in a zip or tar, or WebDataset's shards, such as ./photos.zip")                           \
    X(pd_open_npz, "npz", 32, NULL, NULL,                                                                    \
      "your arrays of images and labels, as MedMNIST has them, such as ./scans.npz")                         \
    X(pd_open_strokes, "strokes", 32, NULL, NULL,                                                            \
      "stroke-drawn digits made by paydirt: any number, grey, any size, 10 classes")                         \
    X(pd_open_synthetic, "synthetic", 0, NULL, NULL, "2-D mixture of 6 Gaussians: 1,000 + 1,000, 2 classes")

#define PD_DATA_DECLARE(open, name, size, installed, package, summary)                                       \
    enum pd_status open(const struct pd_data_source *, const struct pd_data_request *, struct pd_dataset *,  \
                        struct pd_error *);
PD_DATA_LIST(PD_DATA_DECLARE)
#undef PD_DATA_DECLARE

#endif
