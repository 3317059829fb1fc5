"""Pictures as a video: WebM (VP9) for browsers, MP4 (H.264) for slides; PyAV encodes them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from selfsup_core.errors import StudioError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from PIL.Image import Image

VIDEOS = {"webm": "libvpx-vp9", "mp4": "libx264"}
QUALITY = {"webm": "24", "mp4": "20"}  # constant quality: text and points stay sharp
# One thread: an encoder beside the pages and a run must not take every core.
OPTIONS = {
    "webm": {"deadline": "good", "cpu-used": "4", "b:v": "0", "threads": "1"},
    "mp4": {"preset": "medium", "threads": "1"},
}


def require_av() -> Any:
    """PyAV. Raises StudioError: it is not installed; says how to install it."""
    try:
        import av
    except ImportError as error:
        raise StudioError(
            tr("Videos need the package {name}, which is not installed.").format(name="av"),
            code="missing-package",
            remedy=tr("Install it with `pip install -r requirements-video.txt`."),
        ) from error
    return av


def encode_video(pictures: list[Image], kind: str, *, per_second: int, hold: int) -> bytes:
    """Pictures of one size as a file; the last one stands for `hold` frames.

    Args:
        kind: "webm" or "mp4".

    Raises:
        StudioError: PyAV is not installed, or it lacks the encoder.
    """
    av = require_av()
    if VIDEOS[kind] not in av.codecs_available:
        raise StudioError(
            tr("This build of PyAV cannot encode {kind}.").format(kind=kind.upper()),
            code="missing-package",
            remedy=tr("Install it with `pip install -r requirements-video.txt`."),
        )
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as file:
        options = OPTIONS[kind] | {"crf": QUALITY[kind]}
        stream = file.add_stream(VIDEOS[kind], rate=per_second, options=options)
        stream.width, stream.height = even(pictures[0].size)
        stream.pix_fmt = "yuv420p"
        for picture in [*pictures[:-1], *[pictures[-1]] * hold]:
            frame = av.VideoFrame.from_image(whole(picture, even(picture.size)))
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return buffer.getvalue()


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The encoders halve the resolution of color, so both sides must be even."""
    width, height = size
    return width + width % 2, height + height % 2


def whole(picture: Image, size: tuple[int, int]) -> Image:
    """The picture, with a white line at its edge where it lacks one."""
    from PIL import Image

    if picture.size == size:
        return picture
    filled = Image.new("RGB", size, "white")
    filled.paste(picture)
    return filled
