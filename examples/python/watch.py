"""A watcher that goes on where it was stopped: it keeps its position in a file, and prints each change once."""

import asyncio
import os
import sys

from throughline import GatewayError, watch


async def main(topics, file):
    after = open(file).read().strip() if os.path.exists(file) else "0"
    async for change in watch(topics, after):
        event = change["event"]
        print(change["kind"], change["status"], event["topic"], event["id"], flush=True)
        if change["position"]:
            with open(f"{file}.new", "w") as draft:
                draft.write(change["position"])
            os.replace(f"{file}.new", file)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[2:] or ["*"], sys.argv[1]))
    except KeyboardInterrupt:
        pass
    except GatewayError as error:
        sys.exit(f"{error.code}: {error}")
