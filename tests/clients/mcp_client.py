"""The MCP SDK for Python against a running server, unchanged."""

import asyncio
import os
import sys

import httpx2 as httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

BASE, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]


async def main():
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        async with streamable_http_client(f"{BASE}/mcp/shop", http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                welcome = await session.initialize()
                print("ok   greeted by", welcome)
                tools = {tool.name: tool for tool in (await session.list_tools()).tools}
                assert {"price", "ask"} <= set(tools), tools
                price = await session.call_tool("price", {"item": "tea"})
                assert "7" in price.content[0].text, price
                answer = await session.call_tool("ask", {"message": "say:hello"})
                assert answer.content[0].text == "hello", answer
                wrong = await session.call_tool("price", {})
                print("ok   tools", wrong)
                found = await session.call_tool("search_knowledge", {"query": "How long does green tea steep?"})
                assert "two minutes" in found.content[0].text, found
                documents = (await session.list_resources()).resources
                assert [document.name for document in documents] == ["teas/green.md"], documents
                text = (await session.read_resource(documents[0].uri)).contents[0].text
                assert text.startswith("# Green tea") and "two minutes" in text, text
                templates = await session.list_resource_templates()
                print("ok   documents", templates)
                prompts = (await session.list_prompts()).prompts
                assert [prompt.name for prompt in prompts] == ["greet"], prompts
                greeting = await session.get_prompt("greet", {"name": "Ana"})
                assert greeting.messages[0].content.text.strip() == "Greet Ana kindly.", greeting
                print("ok   prompts")
    # A server that has answered before it has read everything closes the connection.
    async with httpx.AsyncClient(timeout=60, headers={"Connection": "close"}) as http:
        answer = await http.post(f"{BASE}/mcp/shop", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert answer.status_code == 401, answer
        answer = await http.post(f"{BASE}/mcp/closed", json={}, headers=headers)
        assert answer.status_code == 404, answer
        evil = {**headers, "Origin": "https://evil.example", "Accept": "application/json, text/event-stream"}
        answer = await http.post(f"{BASE}/mcp/shop", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=evil)
        assert answer.status_code == 403, (answer, answer.text)
        print("ok   strangers are refused")


asyncio.run(main())
sys.exit(0)
