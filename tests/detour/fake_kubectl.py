"""Stands in for kubectl: `get` shows a file, `port-forward` relays to the local port that is written down for a pod."""

import asyncio
import json
import os
import sys
from pathlib import Path

FOLDER = Path(os.environ["FAKE_CLUSTER"])


async def relay(pod: str) -> None:
    """As kubectl does it: it ends when it loses its pod, and leaves what it forwards unanswered."""
    port = int((FOLDER / pod).read_text())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        print("Handling connection for", here, flush=True)  # noqa: T201 - as kubectl says it
        try:
            there = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            os._exit(1)
        await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    here = server.sockets[0].getsockname()[1]
    print(f"Forwarding from 127.0.0.1:{here} -> 8080", flush=True)  # noqa: T201
    await server.serve_forever()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, to its end."""
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()


def main(words: list[str]) -> None:
    """One command."""
    if words[0] == "get":
        print((FOLDER / "objects.json").read_text())  # noqa: T201
        return
    (pod,) = [word.removeprefix("pod/") for word in words if word.startswith("pod/")]
    names = {each["metadata"]["name"] for each in json.loads((FOLDER / "objects.json").read_text())["items"]}
    if pod not in names:
        sys.exit(f'Error from server (NotFound): pods "{pod}" not found')
    with (FOLDER / "pids").open("a") as file:
        file.write(f"{os.getpid()}\n")
    asyncio.run(relay(pod))


main(sys.argv[1:])
