"""Write the golden payloads of every example anew: read the difference before committing it."""

from tests.examples import EXAMPLES, ROOT

for example in EXAMPLES:
    example.golden.write_bytes("".join(f"{video.to_json()}\n" for video in example.videos).encode())
    print(example.golden.relative_to(ROOT))
