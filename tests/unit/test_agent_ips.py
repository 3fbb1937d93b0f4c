"""Every pod has an IP of its own, keeps it, and may want a certain one."""

from __future__ import annotations

import asyncio

from fixtures.platforms.kubernetes.testbed.agent.ips import PodIps


def test_each_pod_has_its_own_and_is_given_the_same_again() -> None:
    async def take() -> list[str]:
        ips = PodIps(["a", "b", "c"])
        return [await ips.take(uid, None) for uid in ("one", "two", "one")]

    assert asyncio.run(take()) == ["a", "b", "a"]


def test_an_ip_that_came_back_is_given_last() -> None:
    async def take() -> list[str]:
        ips = PodIps(["a", "b", "c"])
        await ips.take("one", None)
        await ips.give_back("one")
        return [await ips.take(uid, None) for uid in ("two", "three", "four")]

    assert asyncio.run(take()) == ["b", "c", "a"]


def test_a_reserved_ip_is_nobody_elses() -> None:
    async def take() -> list[str]:
        ips = PodIps(["a", "b"])
        ips.reserve("old", "a")
        return [await ips.take(uid, None) for uid in ("new", "old")]

    assert asyncio.run(take()) == ["b", "a"]


def test_a_pod_waits_for_the_ip_that_it_wants() -> None:
    async def take() -> str:
        ips = PodIps(["a"])
        assert await ips.take("old", "fixed") == "fixed"
        async with asyncio.TaskGroup() as tasks:
            new = tasks.create_task(ips.take("new", "fixed"))
            other = tasks.create_task(ips.take("other", None))
            assert await other == "a"
            assert not new.done()
            await ips.give_back("old")
        await ips.give_back("new")
        await ips.give_back("other")
        return await ips.take("last", None)  # one that was wanted does not join the pool

    assert asyncio.run(take()) == "a"


def test_a_pod_waits_when_the_pool_is_empty() -> None:
    async def take() -> str:
        ips = PodIps(["a"])
        await ips.take("one", None)
        async with asyncio.TaskGroup() as tasks:
            two = tasks.create_task(ips.take("two", None))
            await asyncio.sleep(0)
            assert not two.done()
            await ips.give_back("one")
        return two.result()

    assert asyncio.run(take()) == "a"
