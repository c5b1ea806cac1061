#!/usr/bin/env python3
"""Makes the images of test/fuzz/corpus/image/kinds and what Pillow reads in them (test/unit/images.txt), for test_image_kinds.c.

    pip install pillow tifffile imagecodecs && python test/unit/make_images.py

A line of images.txt: file, height, width, largest difference, pixels (H, W, 3) in hexadecimal. Orientation is applied, 16 bits
are cut to their upper 8, what shows through lies on white. Where Pillow does not read a kind, the values are those that went in."""
import io
import os
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, '..', 'fuzz', 'corpus', 'image', 'kinds')
H, W = 5, 7
rng = np.random.RandomState(1)
RGB = rng.randint(0, 256, (H, W, 3)).astype('u1')
RGB16 = rng.randint(0, 65536, (H, W, 3)).astype('u2')
ALPHA = rng.randint(0, 256, (H, W, 1)).astype('u1')
ALPHA[0, :3] = [[0], [255], [128]]
GREY = RGB[..., 0]
SMOOTH = np.stack([np.add.outer(np.arange(16) * 8, np.arange(20) * c) for c in (4, 6, 2)], -1).astype('u1')
files = {}  # name: (bytes, slack, pixels or None)


def add(name, data, slack=0, pixels=None):
    assert name not in files, name
    files[name] = (data, slack, pixels)


def on_white(rgba):
    c, a = rgba[..., :3].astype(int), rgba[..., 3:].astype(int)
    return ((c * a + 127) // 255 + 255 - a).astype('u1')


def as_read(data):
    im = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if im.mode.startswith('I;16'):
        return np.repeat((np.asarray(im).astype('u2') >> 8).astype('u1')[..., None], 3, -1)
    if im.has_transparency_data or im.mode in ('LA', 'RGBA', 'RGBa', 'PA'):
        return on_white(np.asarray(im.convert('RGBA')))
    return np.asarray(im.convert('RGB'))


def saved(array, form, mode=None, **options):
    b = io.BytesIO()
    im = array if isinstance(array, Image.Image) else Image.fromarray(array)
    (im.convert(mode) if mode else im).save(b, form, **options)
    return b.getvalue()


# --- Exif and XMP ---


def exif(orientation, order='<', kind=3, count=1, before=()):
    value = {1: 'B3x', 3: 'H2x', 4: 'I'}[kind]
    entries = list(before) + [struct.pack(order + 'HHI' + value, 274, kind, count, orientation)]
    return (b'II*\0' if order == '<' else b'MM\0*') + struct.pack(order + 'IH', 8, len(entries)) + b''.join(entries) + bytes(4)


def xmp(orientation, element=False):
    inner = f'><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>' if element else f' tiff:Orientation="{orientation}"/>'
    return ('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            'xmlns:tiff="http://ns.adobe.com/tiff/1.0/"' + inner + '</rdf:RDF></x:xmpmeta>').encode()


# --- PNG ---


def chunk(kind, data=b''):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def packed(rows, depth):
    """Samples (h, w * channels) to rows of bytes."""
    if depth == 16:
        return [r.astype('>u2').tobytes() for r in rows]
    if depth == 8:
        return [r.astype('u1').tobytes() for r in rows]
    bits = ((rows[..., None] >> np.arange(depth - 1, -1, -1)) & 1).astype('u1').reshape(len(rows), -1)
    return [np.packbits(b).tobytes() for b in bits]


def png(samples, colour, depth, before=(), after=(), interlaced=False, split=None):
    h, w = samples.shape[:2]
    flat = lambda a: a.reshape(a.shape[0], -1)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)] if interlaced else [(0, 0, 1, 1)]
    rows = b''
    for y, x, dy, dx in passes:
        part = samples[y::dy, x::dx]
        if part.size:
            rows += b''.join(b'\0' + r for r in packed(flat(part), depth))
    data = zlib.compress(rows)
    parts = [data[i:i + split] for i in range(0, len(data), split)] if split else [data]
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, colour, 0, 0, int(interlaced))) + b''.join(before) +
            b''.join(chunk(b'IDAT', p) for p in parts) + b''.join(after) + chunk(b'IEND'))


def make_png():
    for depth in (1, 2, 4, 8, 16):
        grey = rng.randint(0, 1 << depth, (H, W, 1))
        truth = np.repeat((grey >> 8 if depth == 16 else grey * 255 // ((1 << depth) - 1)).astype('u1'), 3, -1)
        key = int(grey[0, 0, 0])
        clear = truth.copy()
        clear[(grey == key)[..., 0]] = 255
        for lace in (False, True):
            add(f'grey{depth}{"-interlaced" * lace}.png', png(grey, 0, depth, interlaced=lace), pixels=truth)
            add(f'grey{depth}-trns{"-interlaced" * lace}.png', png(grey, 0, depth, [chunk(b'tRNS', struct.pack('>H', key))], interlaced=lace), pixels=clear)
        if depth <= 8:
            colours = rng.randint(0, 256, (1 << min(depth, 6), 3)).astype('u1')
            alphas = rng.randint(0, 256, (len(colours) - 1, 1)).astype('u1')  # the last one is opaque
            index = rng.randint(0, len(colours), (H, W, 1))
            plte = chunk(b'PLTE', colours.tobytes())
            for lace in (False, True):
                add(f'palette{depth}{"-interlaced" * lace}.png', png(index, 3, depth, [plte], interlaced=lace))
                add(f'palette{depth}-trns{"-interlaced" * lace}.png', png(index, 3, depth, [plte, chunk(b'tRNS', alphas.tobytes())], interlaced=lace))
    for lace in (False, True):
        tail = '-interlaced' * lace
        add(f'rgb8{tail}.png', png(RGB, 2, 8, interlaced=lace))
        add(f'rgb16{tail}.png', png(RGB16, 2, 16, interlaced=lace))
        add(f'rgba8{tail}.png', png(np.dstack([RGB, ALPHA]), 6, 8, interlaced=lace))
        add(f'rgba16{tail}.png', png(np.dstack([RGB16, ALPHA.astype('u2') * 256 + 77]), 6, 16, interlaced=lace))
        add(f'ga8{tail}.png', png(np.dstack([GREY[..., None], ALPHA]), 4, 8, interlaced=lace))
        add(f'ga16{tail}.png', png(np.dstack([RGB16[..., :1], ALPHA.astype('u2') * 256 + 77]), 4, 16, interlaced=lace))
    add('rgb8-trns.png', png(RGB, 2, 8, [chunk(b'tRNS', struct.pack('>HHH', *RGB[1, 1]))]))
    truth = (RGB16 >> 8).astype('u1')
    truth[1, 1] = 255
    add('rgb16-trns.png', png(RGB16, 2, 16, [chunk(b'tRNS', struct.pack('>HHH', *RGB16[1, 1]))]), pixels=truth)
    gama = lambda g: chunk(b'gAMA', struct.pack('>I', g))
    chrm = chunk(b'cHRM', struct.pack('>8I', 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
    for g in (1, 30000, 45455, 55556, 100000, 220000, 0x7fffffff):
        add(f'gama{g}.png', png(RGB, 2, 8, [gama(g)]))
    rgba = np.dstack([RGB, ALPHA])
    add('gama-alpha.png', png(rgba, 6, 8, [gama(100000)]))
    add('gama-srgb-alpha.png', png(rgba, 6, 8, [gama(45455), chunk(b'sRGB', b'\0'), chrm]))
    add('gama-chrm.png', png(RGB, 2, 8, [gama(100000), chrm]))
    add('gama-grey16.png', png(RGB16[..., :1], 0, 16, [gama(100000)]))
    add('gama-rgba16.png', png(np.dstack([RGB16, ALPHA.astype('u2') * 256]), 6, 16, [gama(100000)]))
    add('gama-palette-trns.png', png(rng.randint(0, 4, (H, W, 1)), 3, 2, [gama(100000), chunk(b'PLTE', RGB[0, :4].tobytes()), chunk(b'tRNS', b'\x30\x90')]))
    add('iccp.png', png(RGB, 2, 8, [chunk(b'iCCP', b'p\0\0' + zlib.compress(b'no profile at all'))]))
    add('sbit.png', png(RGB, 2, 8, [chunk(b'sBIT', b'\5\6\5')]))
    add('sbit16.png', png(RGB16, 2, 16, [chunk(b'sBIT', b'\x0c\x0c\x0c')]))
    add('bkgd-alpha.png', png(rgba, 6, 8, [chunk(b'bKGD', struct.pack('>HHH', 0, 255, 0))]))
    add('split-idat.png', png(RGB, 2, 8, split=1))
    turn = {'exif': ([chunk(b'eXIf', exif(6, '>'))], []), 'exif-late': ([], [chunk(b'eXIf', exif(8))]), 'exif-long': ([chunk(b'eXIf', exif(5, '>', 4))], []),
            'xmp': ([chunk(b'iTXt', b'XML:com.adobe.xmp\0\0\0\0\0' + xmp(6))], []),
            'xmp-packed': ([chunk(b'iTXt', b'XML:com.adobe.xmp\0\1\0\0\0' + zlib.compress(xmp(7, True)))], []),
            'xmp-late': ([], [chunk(b'iTXt', b'XML:com.adobe.xmp\0\0\0\0\0' + xmp(3))]),
            'exif-and-xmp': ([chunk(b'iTXt', b'XML:com.adobe.xmp\0\0\0\0\0' + xmp(6)), chunk(b'eXIf', exif(3))], []),
            'bad-exif-and-xmp': ([chunk(b'iTXt', b'XML:com.adobe.xmp\0\0\0\0\0' + xmp(6)), chunk(b'eXIf', exif(9))], [])}
    profile = b'Exif\0\0' + exif(6, '>')
    text = b'\nexif\n%8d\n' % len(profile) + b'\n'.join(profile.hex().encode()[i:i + 72] for i in range(0, 2 * len(profile), 72)) + b'\n'
    turn['profile'] = ([chunk(b'tEXt', b'Raw profile type exif\0' + text)], [])
    turn['profile-packed'] = ([chunk(b'zTXt', b'Raw profile type exif\0\0' + zlib.compress(text))], [])
    for name, (before, after) in turn.items():
        add(f'turned-{name}.png', png(RGB, 2, 8, before, after))
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    add('animated.png', saved(frames[0], 'PNG', save_all=True, append_images=frames[1:]))
    add('animated-default.png', saved(frames[1], 'PNG', save_all=True, append_images=frames, default_image=True))


# --- JPEG ---


def segment(marker, data):
    return b'\xff' + bytes([marker]) + struct.pack('>H', len(data) + 2) + data


def make_jpeg():
    rgb = Image.fromarray(SMOOTH)
    for name, options in {'444': dict(subsampling=0), '422': dict(subsampling=1), '420': dict(subsampling=2), 'progressive': dict(progressive=True),
                          'restarts': dict(restart_marker_blocks=1), 'rgb': dict(keep_rgb=True), 'bad-icc': dict(icc_profile=b'no profile')}.items():
        add(f'{name}.jpg', saved(rgb, 'JPEG', quality=95, **options))
    add('grey8.jpg', saved(SMOOTH[..., 0], 'JPEG', quality=95))
    cmyk = np.dstack([SMOOTH, SMOOTH[::-1, :, 1:2] // 2])
    add('cmyk-adobe.jpg', saved(Image.fromarray(cmyk, 'CMYK'), 'JPEG', quality=95))
    plain = saved(rgb, 'JPEG', quality=95, subsampling=0)
    sos = plain.index(b'\xff\xda')
    end = sos + 2 + struct.unpack('>H', plain[sos + 2:sos + 4])[0]
    add('samsung-sos.jpg', plain[:end - 3] + b'\0\0\0' + plain[end:])
    add('stray-bytes.jpg', plain[:sos] + b'\0\1\2' + plain[sos:])
    add('stray-tail.jpg', plain[:-2] + b'\0' * 9 + plain[-2:] + b'more')
    add('old-jfif.jpg', plain.replace(b'JFIF\0\1', b'JFIF\0\7'))
    add('odd-adobe.jpg', plain[:2] + segment(0xee, b'Adobe\0\x64\0\0\0\0\x09') + plain[20:])
    head = lambda *parts: plain[:2] + b''.join(parts) + plain[2:]
    e = lambda *a, **k: segment(0xe1, b'Exif\0\0' + exif(*a, **k))
    x = lambda *a: segment(0xe1, b'http://ns.adobe.com/xap/1.0/\0' + xmp(*a))
    other = struct.pack('<HHII', 0x10f, 2, 1, 120)
    for name, parts in {'short': [e(6)], 'short-big': [e(6, '>')], 'long': [e(6, '<', 4)], 'long-big': [e(8, '>', 4)],                         'second-entry': [e(3, before=[other])], 'fill': [b'\xff\xff', e(6)], 'much-fill': [b'\xff' * 50, e(6)], 'xmp': [x(6)], 'xmp-element': [x(8, True)],
                        'exif-then-xmp': [e(3), x(6)], 'xmp-then-exif': [x(6), e(3)], 'bad-exif-and-xmp': [e(0), x(6)],
                        'no-tag-and-xmp': [segment(0xe1, b'Exif\0\0II*\0\x08\0\0\0\1\0' + other + bytes(4)), x(6)],
                        'two-exif': [e(6), e(3)], 'foreign-app1': [segment(0xe1, b'something else'), e(6)], 'app13-first': [segment(0xed, b'Photoshop'), e(4)],
                        'fill-xmp': [b'\xff\xff\xff', x(6)], 'pair': [e(6, count=2)]}.items():
        add(f'turned-{name}.jpg', head(*parts))
    for k in range(1, 9):
        add(f'turned-{k}.jpg', head(e(k)))
    add('turned-byte.jpg', head(e(6, '<', 1)), pixels=as_read(head(e(6))))  # Pillow takes no BYTE
    add('turned-byte-big.jpg', head(e(8, '>', 1)), pixels=as_read(head(e(8))))


def make_webp():
    add('lossless.webp', saved(RGB, 'WEBP', lossless=True))
    add('alpha.webp', saved(np.dstack([RGB, ALPHA]), 'WEBP', lossless=True, exact=True))
    add('lossy.webp', saved(SMOOTH, 'WEBP', quality=90))
    add('turned-exif.webp', saved(RGB, 'WEBP', lossless=True, exif=exif(6)))
    add('turned-exif-prefix.webp', saved(RGB, 'WEBP', lossless=True, exif=b'Exif\0\0' + exif(6, '<', 4)))
    add('turned-xmp.webp', saved(RGB, 'WEBP', lossless=True, xmp=xmp(6)))
    add('turned-both.webp', saved(RGB, 'WEBP', lossless=True, xmp=xmp(6), exif=exif(3)))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for old in os.listdir(FOLDER):
        os.remove(os.path.join(FOLDER, old))
    for make in (make_png, make_jpeg, make_webp):
        make()
    with open(os.path.join(HERE, 'images.txt'), 'w') as out:
        for name, (data, slack, pixels) in files.items():
            with open(os.path.join(FOLDER, name), 'wb') as f:
                f.write(data)
            pixels = as_read(data) if pixels is None else pixels
            print(name, *pixels.shape[:2], slack, pixels.tobytes().hex(), file=out)


if __name__ == '__main__':
    main()
