# SPDX-License-Identifier: Apache-2.0
"""A stock Python client in a room: python_client.py URL TOKEN json|protobuf ROOM

It prints what happens, a JSON object a line. A message {"ask": ...} makes it ask the server for
that, or end.
"""

import asyncio
import json
import sys

from centrifuge import Client, ClientEventHandler, DeltaType, SubscriptionEventHandler

URL, TOKEN, FORMAT, ROOM = sys.argv[1:]
BINARY = FORMAT == "protobuf"


def say(event, **what):
    print(json.dumps({"event": event, **what}), flush=True)


def read(data):
    return json.loads(data) if BINARY else data


def write(value):
    return json.dumps(value).encode() if BINARY else value


class Connection(ClientEventHandler):
    async def on_connecting(self, ctx):
        say("connecting", code=ctx.code)

    async def on_connected(self, ctx):
        say("connected", client=ctx.client)

    async def on_disconnected(self, ctx):
        say("disconnected", code=ctx.code)

    async def on_error(self, ctx):
        say("error", code=ctx.code, text=str(ctx.error))


class Room(SubscriptionEventHandler):
    def __init__(self):
        self.asked = asyncio.Queue()

    async def on_subscribed(self, ctx):
        say("subscribed", recovered=ctx.recovered, was_recovering=ctx.was_recovering)

    async def on_unsubscribed(self, ctx):
        say("unsubscribed", code=ctx.code)

    async def on_publication(self, ctx):
        data = read(ctx.pub.data)
        say("publication", data=data, offset=ctx.pub.offset)
        if isinstance(data, dict) and "ask" in data:
            self.asked.put_nowait(data["ask"])

    async def on_error(self, ctx):
        say("error", code=ctx.code, text=str(ctx.error))


async def answer(asked, client, subscription):
    if asked == "history":
        page = await subscription.history(limit=100)
        say("history", data=[read(pub.data) for pub in page.publications])
    elif asked == "presence":
        presence = await subscription.presence()
        say("presence", users=sorted(info.user for info in presence.clients.values()))
    elif asked == "stats":
        stats = await subscription.presence_stats()
        say("stats", clients=stats.num_clients, users=stats.num_users)
    elif asked == "publish":
        await subscription.publish(write({"from": "python"}))
    elif asked == "rpc":
        try:
            await client.rpc("nothing", write({}))
        except Exception as error:  # what it is called differs between versions
            say("rpc", code=error.code)


async def main():
    client = Client(URL, events=Connection(), token=TOKEN, use_protobuf=BINARY)
    room = Room()
    subscription = client.new_subscription(
        ROOM, events=room, recoverable=True, join_leave=True, delta=DeltaType.FOSSIL
    )
    await client.connect()
    await subscription.subscribe()
    while (asked := await room.asked.get()) != "end":
        await answer(asked, client, subscription)
    await client.disconnect()


asyncio.run(main())
