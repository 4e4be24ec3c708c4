"""Make the video that the sandbox serves: two seconds of ffmpeg's moving test picture, with a tone.

Needs ffmpeg with libx264. Run: python -m tests.tools.make_sandbox_video
"""

import subprocess
from pathlib import Path

VIDEO = Path(__file__).parents[2] / "aistudios_dsl/sandbox/video.mp4"
PICTURE = "testsrc=size=320x180:rate=12:duration=2"
TONE = "sine=frequency=440:duration=2:sample_rate=22050"
CODECS = "-c:v libx264 -profile:v baseline -pix_fmt yuv420p -preset veryslow -crf 32 -c:a aac -b:a 16k -ac 1"
SAME_BYTES = "-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact"

if __name__ == "__main__":
    inputs = ["-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", TONE]
    options = f"{CODECS} -movflags +faststart {SAME_BYTES}".split()
    subprocess.run(["ffmpeg", "-v", "error", "-y", *inputs, *options, str(VIDEO)], check=True)
    print(f"{VIDEO.name}: {VIDEO.stat().st_size} bytes")
