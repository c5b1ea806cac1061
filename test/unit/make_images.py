#!/usr/bin/env python3
"""Makes the images of test/fuzz/corpus/image/kinds and what Pillow reads in them (test/unit/images.txt), for test_image_kinds.c.

    pip install pillow tifffile imagecodecs pillow-heif pydicom && python test/unit/make_images.py

A line of images.txt: file, height, width, largest difference, pixels (H, W, 3) in hexadecimal. Orientation is applied, 16 bits
are cut to their upper 8, what shows through lies on white. Where Pillow does not read a kind, the values are those that went in.
A height of 0: refused, in the words that follow."""
import io
import os
import struct
import zlib

import numpy as np
import pillow_heif
import pydicom
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
files = {}  # name: (bytes, slack, pixels, or None for what Pillow reads, or the words of a refusal)


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


# --- GIF ---


def lzw(indices, bits):
    """Codes that are never longer than at the start, as clear codes come in time."""
    clear, size, codes = 1 << bits, bits + 1, []
    for k, index in enumerate(indices):
        if k % ((1 << bits) - 2) == 0:
            codes.append(clear)
        codes.append(int(index))
    codes.append(clear + 1)
    value = sum(code << (size * k) for k, code in enumerate(codes))
    data = value.to_bytes((size * len(codes) + 7) // 8, 'little')
    return bytes([bits]) + b''.join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b'\0'


def gif_frame(index, x=0, y=0, local=None, interlaced=False, bits=8):
    h, w = index.shape
    flags = (0x40 if interlaced else 0) | (0x80 | (len(local).bit_length() - 2) if local is not None else 0)
    rows = [r for a, s in ((0, 8), (4, 8), (2, 4), (1, 2)) for r in range(a, h, s)] if interlaced else range(h)
    return (b',' + struct.pack('<HHHHB', x, y, w, h, flags) + (local.tobytes() if local is not None else b'') +
            lzw(np.concatenate([index[r] for r in rows]), bits))


def gif(frames, size=(W, H), colours=None, version=b'89a', background=0, tail=b';'):
    flags = 0x70 | (0x80 | (len(colours).bit_length() - 2) if colours is not None else 0)
    return b'GIF' + version + struct.pack('<HHBBB', *size, flags, background, 0) + (colours.tobytes() if colours is not None else b'') + b''.join(frames) + tail


def control(transparent=None, disposal=0, delay=5):
    return b'!\xf9\x04' + struct.pack('<BHB', disposal << 2 | (transparent is not None), delay, transparent or 0) + b'\0'


def make_gif():
    colours = rng.randint(0, 256, (64, 3)).astype('u1')
    other = rng.randint(0, 256, (16, 3)).astype('u1')
    index = rng.randint(0, 64, (H, W))
    tall = rng.randint(0, 64, (19, W))
    few = rng.randint(0, 16, (H, W))
    small = index[:3, :4]
    key = int(small[1, 1])
    comment = b'!\xfe\x05hello\0'
    add('87a.gif', gif([gif_frame(index)], colours=colours, version=b'87a'))
    add('89a.gif', gif([comment, gif_frame(index)], colours=colours))
    add('transparent.gif', gif([control(key), gif_frame(index)], colours=colours))
    add('transparent-0.gif', gif([control(0), gif_frame(index)], colours=colours))
    add('interlaced.gif', gif([gif_frame(tall, interlaced=True)], (W, 19), colours))
    for rows in (1, 2, 3, 5):
        add(f'interlaced-{rows}.gif', gif([gif_frame(tall[:rows], interlaced=True)], (W, rows), colours))
    add('local.gif', gif([gif_frame(few, local=other)], colours=colours))
    add('local-only.gif', gif([gif_frame(few, local=other)]))
    add('two-colours.gif', gif([gif_frame(few % 2, local=other[:2], bits=2)]))
    add('offset.gif', gif([gif_frame(small, 2, 1)], colours=colours, background=3))
    add('offset-transparent.gif', gif([control(key), gif_frame(small, 2, 1)], colours=colours))
    add('offset-beyond.gif', gif([gif_frame(small, 5, 4)], colours=colours))
    add('no-screen.gif', gif([gif_frame(index)], (0, 0), colours))
    add('no-palette.gif', gif([gif_frame(index)]))
    add('animated.gif', gif([b'!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0', control(), gif_frame(index), control(3, 2), gif_frame(small, 1, 1)], colours=colours))
    add('animated-local.gif', gif([control(5), gif_frame(few, local=other), control(), gif_frame(index)], colours=colours))
    add('damaged-second.gif', gif([gif_frame(index), gif_frame(index)[:40]], colours=colours, tail=b''))
    add('no-trailer.gif', gif([gif_frame(index)], colours=colours, tail=b''))
    add('no-mark.gif', gif([gif_frame(index)[:-1]], colours=colours, tail=b''), pixels=colours[index])
    add('more-behind.gif', gif([gif_frame(index)], colours=colours, tail=b';and more'))
    im = Image.fromarray(rng.randint(0, 256, (40, 50, 3)).astype('u1')).quantize(256)
    add('lzw.gif', saved(im, 'GIF', interlace=0))
    add('lzw-interlaced.gif', saved(im, 'GIF', interlace=1))
    add('grey.gif', saved(SMOOTH[..., 0], 'GIF'))


# --- BMP ---


def bmp(rows, bits, header=40, compression=0, palette=None, masks=(), height=None, colours=0, gap=0, offset=None, width=W, size=True):
    """rows: bytes, as they follow one another in the file."""
    h = len(rows) if height is None else height
    if header == 12:
        info = struct.pack('<IHHHH', 12, width, h, 1, bits)
    else:
        fields = struct.pack('<iiHHIIiiII', width, h, 1, bits, compression, sum(map(len, rows)) if size else 0, 2835, 2835, colours, 0)
        if header > 40 and header != 64:
            fields += struct.pack('<IIII', *(list(masks) + [0] * 4)[:4])
            masks = ()
        info = struct.pack('<I', header) + (fields + bytes(200))[:header - 4]
    info += b''.join(struct.pack('<I', m) for m in masks)
    if palette is not None:
        info += b''.join(bytes(c[::-1]) + (b'' if header == 12 else b'\0') for c in palette)
    at = 14 + len(info) + gap if offset is None else offset
    return b'BM' + struct.pack('<IHHI', at + sum(map(len, rows)), 0, 0, at) + info + bytes(gap) + b''.join(rows)


def bmp_rows(samples, bits):
    """(h, w) numbers of so many bits to rows, the lowest first."""
    out = []
    for row in samples[::-1]:
        if bits >= 8:
            data = b''.join(int(v).to_bytes(bits // 8, 'little') for v in row)
        else:
            data = packed(row[None], bits)[0]
        out.append(data + bytes(-len(data) % 4))
    return out


def bits_of(rgba, masks):
    """Pixels of the given masks, and what is in them, 8 bits a channel."""
    value, truth = np.zeros((H, W), 'u8'), np.zeros((H, W, 4), 'u1')
    for c, mask in enumerate(masks):
        if mask:
            shift = (mask & -mask).bit_length() - 1
            most = mask >> shift
            part = rgba[..., c].astype('u8') * most // 255
            value |= part << np.uint64(shift)
            truth[..., c] = part * 255 // most
    return value, truth


def make_bmp():
    colours = rng.randint(0, 256, (256, 3)).astype('u1')
    for bits in (1, 2, 4, 8):
        n = 1 << bits
        index = rng.randint(0, n, (H, W))
        truth = colours[index]
        for header in (12, 40, 64, 108, 124):
            add(f'palette{bits}-{header}.bmp', bmp(bmp_rows(index, bits), bits, header, palette=colours[:n]), pixels=truth)
        add(f'palette{bits}-top-down.bmp', bmp(bmp_rows(index, bits)[::-1], bits, palette=colours[:n], height=-H), pixels=truth)
        add(f'palette{bits}-gap.bmp', bmp(bmp_rows(index, bits), bits, palette=colours[:n], gap=10), pixels=truth)
    index = rng.randint(0, 20, (H, W))
    add('few-colours.bmp', bmp(bmp_rows(index, 8), 8, palette=colours[:20], colours=20))
    add('os2-16.bmp', bmp(bmp_rows(index, 8), 8, 16, palette=colours), pixels=colours[index])
    grey = np.repeat(np.arange(256)[:, None], 3, 1).astype('u1')
    add('grey.bmp', bmp(bmp_rows(GREY, 8), 8, palette=grey))
    value24 = RGB[..., 0].astype(int) << 16 | RGB[..., 1].astype(int) << 8 | RGB[..., 2]
    for header in (12, 40, 64, 52, 56, 108, 124):
        add(f'rgb24-{header}.bmp', bmp(bmp_rows(value24, 24), 24, header))
    add('rgb24-top-down.bmp', bmp(bmp_rows(value24, 24)[::-1], 24, height=-H))
    add('rgb24-no-size.bmp', bmp(bmp_rows(value24, 24), 24, size=False))
    add('rgb24-no-padding-at-end.bmp', bmp(bmp_rows(value24, 24), 24)[:-3])
    junk = value24 | (rng.randint(1, 255, (H, W)) << 24)
    add('rgb32.bmp', bmp(bmp_rows(junk, 32), 32))
    add('rgb32-124.bmp', bmp(bmp_rows(junk, 32), 32, 124))
    value15 = rng.randint(0, 1 << 15, (H, W))
    add('rgb16.bmp', bmp(bmp_rows(value15, 16), 16))
    rgba = np.dstack([RGB, ALPHA])
    for name, bits, masks in (('565', 16, (0xf800, 0x7e0, 0x1f)), ('555', 16, (0x7c00, 0x3e0, 0x1f)), ('444', 16, (0xf00, 0xf0, 0xf)),
                              ('bgr', 32, (0xff0000, 0xff00, 0xff)), ('rgb', 32, (0xff, 0xff00, 0xff0000)), ('high', 32, (0xff000000, 0xff0000, 0xff00)),
                              ('101010', 32, (0x3ff00000, 0xffc00, 0x3ff)), ('24', 24, (0xff0000, 0xff00, 0xff))):
        value, truth = bits_of(rgba, masks)
        for header in (40, 52, 108, 124):
            add(f'fields-{name}-{header}.bmp', bmp(bmp_rows(value, bits), bits, header, 3, masks=masks), pixels=truth[..., :3])
    for name, bits, masks in (('8888', 32, (0xff0000, 0xff00, 0xff, 0xff000000)), ('rgba', 32, (0xff, 0xff00, 0xff0000, 0xff000000)),
                              ('abgr', 32, (0xff000000, 0xff0000, 0xff00, 0xff)), ('1555', 16, (0x7c00, 0x3e0, 0x1f, 0x8000)), ('4444', 16, (0xf00, 0xf0, 0xf, 0xf000))):
        value, truth = bits_of(rgba, masks)
        for header in (56, 108, 124):
            add(f'alpha-{name}-{header}.bmp', bmp(bmp_rows(value, bits), bits, header, 3, masks=masks), pixels=on_white(truth))
        add(f'alpha-{name}-40.bmp', bmp(bmp_rows(value, bits), bits, 40, 6, masks=masks), pixels=on_white(truth))
    add('alpha-all-clear.bmp', bmp(bmp_rows(value24, 32), 32, 124, 3, masks=(0xff0000, 0xff00, 0xff, 0xff000000)), pixels=RGB)
    # run lengths
    index = rng.randint(0, 16, (3, W))
    rle8 = [bytes([3, 5, 0, 3, 7, 8, 9, 0, 1, 2, 0, 0]), bytes([7, 4, 0, 0]), bytes([1, 1, 0, 4, 2, 3, 4, 5, 2, 9, 0, 0, 0, 1])]
    truth = np.array([[1, 2, 3, 4, 5, 9, 9], [4] * 7, [5, 5, 5, 7, 8, 9, 2]])
    add('rle8.bmp', bmp(rle8, 8, compression=1, palette=colours, height=3), pixels=colours[truth])
    add('rle8-os2.bmp', bmp(rle8, 8, 64, compression=1, palette=colours, height=3), pixels=colours[truth])
    add('rle8-no-end.bmp', bmp([b''.join(rle8)[:-4]], 8, compression=1, palette=colours, height=3), pixels=colours[truth])
    add('rle8-long-run.bmp', bmp([bytes([200, 5, 0, 0]), bytes([7, 4, 0, 1])], 8, compression=1, palette=colours, height=2), pixels=colours[np.array([[4] * 7, [5] * 7])])
    skips = [bytes([1, 3, 0, 2, 2, 1, 2, 6, 0, 0, 0, 1])]  # one pixel, then two to the right and one up
    truth = np.zeros((3, W), int)
    truth[2, 0], truth[1, 3:5] = 3, 6
    add('rle8-skips.bmp', bmp(skips, 8, compression=1, palette=colours, height=3), pixels=colours[truth])
    rle4 = [bytes([7, 0x12, 0, 0]), bytes([0, 5, 0x34, 0x56, 0x70, 0, 2, 0x89, 0, 0]), bytes([3, 0x11, 0, 3, 0x45, 0x60, 1, 0x90, 0, 1])]
    truth = np.array([[1, 1, 1, 4, 5, 6, 9], [3, 4, 5, 6, 7, 8, 9], [1, 2, 1, 2, 1, 2, 1]])
    add('rle4.bmp', bmp(rle4, 4, compression=2, palette=colours[:16], height=3), pixels=colours[truth])
    for mode in ('1', 'L', 'P', 'RGB', 'RGBA'):
        add(f'pillow-{mode}.bmp', saved(Image.fromarray(np.dstack([RGB, ALPHA])), 'BMP', mode))


# --- TIFF ---


def make_tiff():
    rgba = np.dstack([RGB, ALPHA])
    modes = {'1': Image.fromarray(RGB).convert('1'), 'L': Image.fromarray(GREY), 'P': Image.fromarray(RGB).quantize(16), 'RGB': Image.fromarray(RGB), 'RGBA': Image.fromarray(rgba),
             'LA': Image.fromarray(rgba).convert('LA'), 'CMYK': Image.fromarray(rgba, 'CMYK'), 'I16': Image.fromarray(RGB16[..., 0])}
    for mode, im in modes.items():
        for compression in (None, 'tiff_lzw', 'tiff_adobe_deflate', 'packbits', 'zstd', 'lzma'):
            add(f'{mode}-{compression or "plain"}.tif', saved(im, 'TIFF', compression=compression))
    for compression in ('group3', 'group4', 'tiff_ccitt'):
        add(f'1-{compression}.tif', saved(modes['1'], 'TIFF', compression=compression))
    smooth = Image.fromarray(SMOOTH)
    add('jpeg-rgb.tif', saved(smooth, 'TIFF', compression='jpeg', quality=95))
    add('jpeg-grey.tif', saved(SMOOTH[..., 0], 'TIFF', compression='jpeg', quality=95))
    add('predictor.tif', saved(modes['RGB'], 'TIFF', compression='tiff_lzw', tiffinfo={317: 2}))
    for k in range(1, 9):
        add(f'turned-{k}.tif', saved(modes['RGB'], 'TIFF', tiffinfo={274: k}))
    add('turned-lzw.tif', saved(modes['RGB'], 'TIFF', compression='tiff_lzw', tiffinfo={274: 6}))
    add('turned-xmp.tif', saved(modes['RGB'], 'TIFF', tiffinfo={700: xmp(6)}), pixels=np.rot90(RGB, -1))
    add('turned-tag-and-xmp.tif', saved(modes['RGB'], 'TIFF', tiffinfo={700: xmp(6), 274: 3}))
    b = io.BytesIO()
    modes['RGB'].save(b, 'TIFF', save_all=True, append_images=[modes['L']])
    add('two-pages.tif', b.getvalue())

    big = rng.randint(0, 256, (20, 18, 4)).astype('u1')
    big16 = rng.randint(0, 65536, (20, 18, 4)).astype('u2')

    def write(name, array, pixels=None, slack=0, **options):
        b = io.BytesIO()
        tifffile.imwrite(b, array, metadata=None, software=False, **options)
        add(name + '.tif', b.getvalue(), slack, pixels)

    grey = lambda a: np.repeat(a[..., None], 3, -1)
    for order, end in (('<', 'le'), ('>', 'be')):
        write(f'grey16-{end}', big16[..., 0], grey(big16[..., 0] >> 8).astype('u1'), byteorder=order)
        write(f'rgb16-{end}', big16[..., :3], (big16[..., :3] >> 8).astype('u1'), byteorder=order, photometric='rgb')
        write(f'bigtiff-{end}', big[..., :3], big[..., :3], byteorder=order, photometric='rgb', bigtiff=True)
        write(f'rgb16-deflate-predictor-{end}', big16[..., :3], (big16[..., :3] >> 8).astype('u1'), byteorder=order, photometric='rgb', compression='zlib', predictor=True)
    write('rgb-planes', np.moveaxis(big[..., :3], -1, 0), big[..., :3], photometric='rgb', planarconfig='separate')
    write('rgb16-planes', np.moveaxis(big16[..., :3], -1, 0), (big16[..., :3] >> 8).astype('u1'), photometric='rgb', planarconfig='separate')
    write('rgba-planes-lzw', np.moveaxis(big, -1, 0), on_white(big), photometric='rgb', planarconfig='separate', extrasamples=['unassalpha'], compression='lzw')
    write('rgb-tiles', big[..., :3], big[..., :3], photometric='rgb', tile=(16, 16))
    write('rgb-tiles-deflate', big[..., :3], big[..., :3], photometric='rgb', tile=(16, 32), compression='zlib', predictor=True)
    write('rgb16-tiles-lzw', big16[..., :3], (big16[..., :3] >> 8).astype('u1'), photometric='rgb', tile=(32, 16), compression='lzw')
    write('rgb-tiles-planes', np.moveaxis(big[..., :3], -1, 0), big[..., :3], photometric='rgb', planarconfig='separate', tile=(16, 16))
    write('grey-tile-larger', big[:5, :7, 0], grey(big[:5, :7, 0]), tile=(32, 32))
    write('rgb-strips', big[..., :3], big[..., :3], photometric='rgb', rowsperstrip=7)
    write('rgb-strips-lzw', big[..., :3], big[..., :3], photometric='rgb', rowsperstrip=7, compression='lzw')
    write('white-is-zero', big[..., 0], grey(255 - big[..., 0]), photometric='miniswhite')
    write('white-is-zero-16', big16[..., 0], grey(255 - (big16[..., 0] >> 8)).astype('u1'), photometric='miniswhite')
    write('rgb-premultiplied', big // 2 + np.array([0, 0, 0, 127], 'u1'), np.minimum(255, (big[..., :3] // 2).astype(int) + 128 - big[..., 3:] // 2).astype('u1'), photometric='rgb', extrasamples=['assocalpha'])
    write('rgb-unspecified', big, big[..., :3], photometric='rgb', extrasamples=['unspecified'])
    b = io.BytesIO()
    tifffile.imwrite(b, big, metadata=None, software=False, photometric='rgb', extrasamples=['unassalpha'])
    data = bytearray(b.getvalue())
    struct.pack_into('<H', data, tag_at(data, 338), 337)
    add('rgb-no-extra-tag.tif', bytes(data), pixels=on_white(big))
    write('rgb-five', np.dstack([big, big[..., :1]]), on_white(big), photometric='rgb', extrasamples=['unassalpha', 'unspecified'])
    for bands in (2, 3, 9):
        write(f'bands{bands}', np.stack([(i + 1) * GREY.astype('u2') * 60 for i in range(bands)], -1), grey(GREY.astype('u2') * 60 >> 8).astype('u1'), photometric='minisblack', planarconfig='contig')
    b = io.BytesIO()
    with tifffile.TiffWriter(b) as out:
        out.write(RGB, photometric='rgb', metadata=None, software=False)
        out.write(RGB[::2, ::2], photometric='rgb', metadata=None, software=False, subfiletype=1)
        out.write(GREY > 99, photometric='mask', metadata=None, software=False, subfiletype=4)
    add('overviews.tif', b.getvalue(), pixels=RGB)
    write('cmyk-tiles', big, np.asarray(Image.fromarray(big, 'CMYK').convert('RGB')), photometric='separated', tile=(16, 16))
    write('palette-8', big[..., 0], (rng.randint(0, 1, (1,)), None)[1], photometric='palette', colormap=rng.randint(0, 65536, (3, 256)).astype('u2'))
    colours = rng.randint(0, 256, (3, 256)).astype('u2')
    write('palette-of-8-bits', big[..., 0], np.moveaxis(colours[:, big[..., 0]], 0, -1).astype('u1'), photometric='palette', colormap=colours)
    smooth = np.kron(SMOOTH, np.ones((2, 2, 1), 'u1'))
    write('jpeg-ycbcr', smooth, photometric='rgb', compression='jpeg', compressionargs={'level': 95}, slack=2)
    write('jpeg-ycbcr-420', smooth, photometric='rgb', compression='jpeg', compressionargs={'level': 95}, subsampling=(2, 2), slack=2)
    write('jpeg-tiles', smooth, photometric='rgb', compression='jpeg', compressionargs={'level': 95}, tile=(16, 16), slack=2)
    write('jpeg-strips', smooth, photometric='rgb', compression='jpeg', compressionargs={'level': 95}, rowsperstrip=16, subsampling=(2, 2), slack=2)
    for bits in (2, 4):
        a = rng.randint(0, 1 << bits, (H, W)).astype('u1')
        rows = np.frombuffer(b''.join(packed(a, bits)), 'u1').reshape(H, -1)
        b = io.BytesIO()
        tifffile.imwrite(b, np.zeros((H, rows.shape[1]), 'u1'), metadata=None, software=False, photometric='minisblack')
        data = bytearray(b.getvalue())
        patch_tag(data, 256, W)
        patch_tag(data, 258, bits)
        at = tag_value(data, 273)
        data[at:at + rows.size] = rows.tobytes()
        add(f'grey{bits}.tif', bytes(data), pixels=grey(a * (255 // ((1 << bits) - 1))))


def tag_at(data, tag):
    n, first = struct.unpack_from('<H', data, 8)[0], 10
    return next(first + 12 * k for k in range(n) if struct.unpack_from('<H', data, first + 12 * k)[0] == tag)


def tag_value(data, tag):
    at = tag_at(data, tag)
    return struct.unpack_from('<H' if data[at + 2] == 3 else '<I', data, at + 8)[0]


def patch_tag(data, tag, value):
    at = tag_at(data, tag)
    struct.pack_into('<H' if data[at + 2] == 3 else '<I', data, at + 8, value)


# --- what an optional library or program reads ---


def dicom(array, photometric='MONOCHROME2', bits=8, window=None, syntax=pydicom.uid.ExplicitVRLittleEndian, more=lambda d: None):
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = '1.2.3'
    d = pydicom.dataset.FileDataset('', {}, file_meta=meta, preamble=bytes(128))
    d.SOPClassUID, d.SOPInstanceUID, d.Modality = meta.MediaStorageSOPClassUID, '1.2.3', 'OT'
    d.Rows, d.Columns, d.SamplesPerPixel = *array.shape[:2], array.shape[2] if array.ndim == 3 else 1
    if array.ndim == 3:
        d.PlanarConfiguration = 0
    d.PhotometricInterpretation, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = photometric, array.itemsize * 8, bits, bits - 1, 0
    if window:
        d.WindowCenter, d.WindowWidth = window
    d.add_new('PixelData', 'OW' if bits > 8 else 'OB', array.tobytes() + b'\0' * (array.nbytes % 2))
    more(d)
    b = io.BytesIO()
    big = syntax == pydicom.uid.ExplicitVRBigEndian
    pydicom.dcmwrite(b, d, enforce_file_format=True, little_endian=not big, implicit_vr=False)
    return b.getvalue()


def with_overlay(d):
    for tag, kind, value in ((0x10, 'US', H), (0x11, 'US', W), (0x40, 'CS', 'G'), (0x50, 'SS', [1, 1]), (0x100, 'US', 1), (0x102, 'US', 0), (0x3000, 'OW', b'\xff' * 6)):
        d.add_new(0x60000000 + tag, kind, value)


def with_source_of_12_bits(d):
    source = pydicom.dataset.Dataset()
    source.BitsStored = 12
    d.SourceImageSequence = pydicom.sequence.Sequence([source])


def with_second_frame(d):
    d.NumberOfFrames = 2
    d.PixelData = GREY.tobytes() + (255 - GREY).tobytes()


def with_jpeg2000(d):
    d.PixelData = pydicom.encaps.encapsulate([b'\xff\x4f\xff\x51' + bytes(30)])
    d['PixelData'].is_undefined_length = True


def make_optional():
    pillow_heif.register_heif_opener()
    add('rgb.heic', saved(SMOOTH, 'HEIF', quality=90), 2)
    add('alpha.heic', saved(np.dstack([SMOOTH, 255 - SMOOTH[..., :1] // 2]), 'HEIF', quality=90), 2)
    add('turned.heic', saved(SMOOTH, 'HEIF', quality=90, exif=b'Exif\0\0' + exif(6)), 2)
    grey = lambda a: np.repeat(a.astype('u1')[..., None], 3, -1)
    add('grey8.dcm', dicom(GREY), pixels=grey(GREY))
    add('grey8-big-endian.dcm', dicom(GREY, syntax=pydicom.uid.ExplicitVRBigEndian), pixels=grey(GREY))
    add('grey8-deflated.dcm', dicom(GREY, syntax=pydicom.uid.DeflatedExplicitVRLittleEndian), pixels=grey(GREY))
    add('grey8-overlay.dcm', dicom(GREY, more=with_overlay), pixels=grey(GREY))
    add('grey8-of-12.dcm', dicom(GREY, more=with_source_of_12_bits), pixels=grey(GREY))
    add('two-frames.dcm', dicom(GREY, more=with_second_frame), pixels=grey(GREY))
    add('grey8-inverted.dcm', dicom(GREY, 'MONOCHROME1'), 1, pixels=grey(255 - GREY))
    add('rgb.dcm', dicom(RGB, 'RGB'), pixels=RGB)
    wide = (np.arange(H * W).reshape(H, W) * 100).astype('u2')
    add('grey12.dcm', dicom(wide, bits=12), 1, grey(np.floor(wide * 255. / wide.max())))
    add('grey12-window.dcm', dicom(wide, bits=12, window=(1000, 500)), 2, grey(np.round(np.clip((wide.astype(float) - 750) / 500, 0, 1) * 255)))


# --- what is refused, and in which words ---


def make_refused():
    def tiff(array, compression=None, **options):
        b = io.BytesIO()
        tifffile.imwrite(b, array, metadata=None, software=False, **options)
        data = bytearray(b.getvalue())
        if compression:
            patch_tag(data, 259, compression)
        return bytes(data)

    refuse = lambda name, data, words: add(name, data, 0, words)
    refuse('float32.tif', tiff(RGB.astype('f4') / 255), 'floating-point samples of 32 bits')
    refuse('float16.tif', tiff(GREY.astype('f2') / 255), 'floating-point samples of 16 bits')
    refuse('uint32.tif', tiff(GREY.astype('u4')), 'samples of 32 bits a pixel, expected whole numbers')
    refuse('int16.tif', tiff(GREY.astype('i2')), 'signed samples of 16 bits')
    refuse('int8.tif', tiff(GREY.astype('i1')), 'signed samples of 8 bits')
    refuse('complex.tif', tiff(GREY.astype('c8')), 'complex samples')
    refuse('lab.tif', saved(Image.fromarray(RGB), 'TIFF', 'LAB'), 'CIE Lab')
    refuse('ycbcr.tif', saved(Image.fromarray(RGB), 'TIFF', 'YCbCr'), 'YCbCr')
    refuse('old-jpeg.tif', tiff(GREY, 6), 'compression 6')
    refuse('sgilog.tif', tiff(GREY, 34676), 'compression 34676')
    refuse('jpeg2000.tif', tiff(GREY, 33005), 'compression 33005')
    refuse('short.dcm', dicom(GREY)[:300], 'damaged or cut-off DICOM file')
    refuse('jpeg2000.dcm', dicom(GREY, syntax=pydicom.uid.JPEG2000Lossless, more=with_jpeg2000), 'transfer syntax 1.2.840.10008.1.2.4.90: JPEG 2000')
    refuse('short.heic', files['rgb.heic'][0][:400], 'damaged or cut-off HEIF file')
    refuse('short.tif', tiff(RGB, photometric='rgb')[:-20], 'damaged or cut-off TIFF file')
    colours = RGB.reshape(-1, 3)
    refuse('jpeg.bmp', bmp([saved(RGB, 'JPEG')], 0, compression=4, height=H), 'compression 4: JPEG')
    refuse('png.bmp', bmp([saved(RGB, 'PNG')], 0, compression=5, height=H), 'compression 5: PNG')
    refuse('huffman.bmp', bmp([bytes(40)], 1, 64, compression=3, palette=colours[:2], height=H), 'compression 3 of OS/2')
    refuse('rle24.bmp', bmp([bytes(40)], 24, 64, compression=4, height=H), 'compression 4 of OS/2')
    refuse('bits3.bmp', bmp([bytes(40)], 3, palette=colours[:8], height=H), '3 bits a pixel')
    refuse('rle8-of-4.bmp', bmp([bytes(40)], 4, compression=1, palette=colours[:8], height=H), '4 bits a pixel, compression 1')
    refuse('short.bmp', bmp(bmp_rows(GREY, 8), 8, palette=colours)[:-8], 'damaged or cut-off BMP file (pixels are missing)')
    refuse('short-rle8.bmp', bmp([bytes([7, 1, 0, 0, 7, 1, 0, 0])], 8, compression=1, palette=colours, height=H), 'pixels are missing')
    refuse('no-image.gif', gif([b'!\xfe\x05hello\0'], colours=colours[:32]), 'no image in it')
    refuse('empty-image.gif', gif([gif_frame(np.zeros((1, 1), int))[:5] + bytes(5) + b'\x08\0']), 'of no size')
    refuse('short.gif', gif([gif_frame(rng.randint(0, 32, (H, W)))[:30]], colours=colours[:32], tail=b''), 'damaged or cut-off GIF file')
    plain = saved(SMOOTH, 'JPEG')
    frame = plain.index(b'\xff\xc0')
    refuse('twelve-bits.jpg', plain[:frame + 4] + b'\x0c' + plain[frame + 5:], 'precision 12')
    refuse('lossless.jpg', plain[:frame + 1] + b'\xc3' + plain[frame + 2:], 'SOF type 0xc3')
    add('no-end.jpg', plain[:-2], pixels=as_read(plain))
    refuse('short.jpg', plain[:-3], 'premature end')
    half = (plain.index(b'\xff\xda') + len(plain)) // 2
    refuse('zeros.jpg', plain[:half] + bytes(4096), 'zeros instead of its end')
    refuse('no-end-junk.jpg', plain[:-2] + b'junk', 'no mark of its end')
    whole = files['89a.gif'][0]
    refuse('zeros.gif', whole[:-40] + bytes(40), 'zeros instead of its end')
    refuse('page.jpg', b'<!DOCTYPE html><html><body>404 not found</body></html>', 'is no image')
    refuse('animated.webp', saved(Image.fromarray(RGB), 'WEBP', save_all=True, append_images=[Image.fromarray(255 - RGB)]), 'animated WebP')


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for old in os.listdir(FOLDER):
        os.remove(os.path.join(FOLDER, old))
    for make in (make_png, make_jpeg, make_webp, make_gif, make_bmp, make_tiff, make_optional, make_refused):
        make()
    with open(os.path.join(HERE, 'images.txt'), 'w') as out:
        for name, (data, slack, pixels) in files.items():
            with open(os.path.join(FOLDER, name), 'wb') as f:
                f.write(data)
            if isinstance(pixels, str):
                print(name, 0, 0, 0, pixels, file=out)
                continue
            pixels = as_read(data) if pixels is None else pixels
            print(name, *pixels.shape[:2], slack, pixels.tobytes().hex(), file=out)


if __name__ == '__main__':
    main()
