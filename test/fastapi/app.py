"""An independent FastAPI server for the gateway's dialect tests.

It serves GET /v1/customer-persona/{persona_id}, GET /v1/customer-personas-by-agent/{agent_id} and the three writes
as a stock FastAPI service does, so that the gateway meets FastAPI's own JSON, dates, 422s and errors, not an imitation.

Usage: /usr/bin/python3 app.py PORT   (prints "listening" when ready; SIGTERM stops it)
Needs the Debian packages python3-fastapi and python3-uvicorn.
"""

import sys
from datetime import datetime, timezone
from typing import List, Optional
from uuid import UUID, uuid4

import uvicorn
from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

# Keys. Any other key gets a 401.
KEY_ONE = "fastapi-tenant-one"
KEY_TWO = "fastapi-tenant-two"
KEY_FORBIDDEN = "fastapi-forbidden"  # 403
KEY_LIMITED = "fastapi-limited"  # 429 with Retry-After: 7

ORG_ONE = UUID("0a000000-0000-4000-8000-000000000001")
ORG_TWO = UUID("0a000000-0000-4000-8000-000000000002")

# Personas of tenant one; tenant two gets a 404 for them.
UTC_SECONDS = UUID("1a000000-0000-4000-8000-000000000001")  # created_at in UTC, no fraction
UTC_MICROS = UUID("1a000000-0000-4000-8000-000000000002")  # created_at in UTC, microseconds; unicode
ALL_NULL = UUID("1a000000-0000-4000-8000-000000000003")  # every field but id is null
# Personas of tenant two; tenant one gets a 404 for them.
NAIVE_SECONDS = UUID("2b000000-0000-4000-8000-000000000001")  # created_at without zone or fraction
NAIVE_MICROS = UUID("2b000000-0000-4000-8000-000000000002")  # created_at without zone, microseconds
NULL_CREATED = UUID("2b000000-0000-4000-8000-000000000003")  # created_at null, the rest set

AGENT = 7  # has all personas of the tenant who asks

# Special ids, the same for both tenants.
CRASH = UUID("ee000000-0000-4000-8000-000000000500")  # 500: unhandled exception, plain text
UNAVAILABLE = UUID("ee000000-0000-4000-8000-000000000503")  # 503 {"detail": "..."}
CONFLICT = UUID("ee000000-0000-4000-8000-000000000409")  # 409 {"detail": "..."}
REFUSED = UUID("ee000000-0000-4000-8000-000000000422")  # 422 whose detail is a string
WRONG_ID = UUID("ee000000-0000-4000-8000-000000000200")  # 200 with a persona of another id
HTML = UUID("ee000000-0000-4000-8000-000000000201")  # 200 with an HTML page
OTHER_ID = UUID("ee000000-0000-4000-8000-0000000002ff")  # the id WRONG_ID answers with


class CustomerPersona(BaseModel):
    id: Optional[UUID] = None
    created_at: Optional[datetime] = None
    name: Optional[str] = None
    description: Optional[str] = None
    goal: Optional[str] = None
    org_id: Optional[UUID] = None


def persona(id, created_at, name, description, goal, org_id):
    return CustomerPersona(id=id, created_at=created_at, name=name,
                           description=description, goal=goal, org_id=org_id)


SECONDS = datetime(2023, 11, 7, 5, 31, 56)
MICROS = datetime(2023, 11, 7, 5, 31, 56, 123456)
UTC = timezone.utc

TENANTS = {
    KEY_ONE: [
        persona(UTC_SECONDS, SECONDS.replace(tzinfo=UTC), "Patient caller",
                "Waits, listens, then asks again.", "Move an appointment.", ORG_ONE),
        persona(UTC_MICROS, MICROS.replace(tzinfo=UTC), "Zoë Nguyễn 王小明 👩‍🚀",
                "Ελληνικά, עברית, العربية, ไทย\nsecond line\ttab \"quoted\" \\ e\u0301 \u2028 end",
                "Réserver une table pour 2 \U0001F37D", ORG_ONE),
        persona(ALL_NULL, None, None, None, None, None),
    ],
    KEY_TWO: [
        persona(NAIVE_SECONDS, SECONDS, "Hurried caller", "Talks over the agent.",
                "Cancel an order.", ORG_TWO),
        persona(NAIVE_MICROS, MICROS, "Sceptic", "Doubts each answer.", "Get a refund.", ORG_TWO),
        persona(NULL_CREATED, None, "Undated", "", "Ask about opening hours.", ORG_TWO),
    ],
}

app = FastAPI()


@app.get("/v1/customer-persona/{persona_id}", response_model=CustomerPersona)
def get_customer_persona(persona_id: UUID, x_api_key: str = Header(...)):
    if x_api_key == KEY_FORBIDDEN:
        raise HTTPException(403, "Not allowed to read customer personas")
    if x_api_key == KEY_LIMITED:
        raise HTTPException(429, "Too many requests", headers={"Retry-After": "7"})
    if x_api_key not in TENANTS:
        raise HTTPException(401, "Invalid API key")

    if persona_id == CRASH:
        raise RuntimeError("deliberate crash")
    if persona_id == UNAVAILABLE:
        raise HTTPException(503, "Service unavailable")
    if persona_id == CONFLICT:
        raise HTTPException(409, "Customer persona is being changed")
    if persona_id == REFUSED:
        raise HTTPException(422, "Customer persona cannot be processed")
    if persona_id == WRONG_ID:
        return persona(OTHER_ID, SECONDS.replace(tzinfo=UTC), "Someone else", None, None, None)
    if persona_id == HTML:
        return HTMLResponse("<!DOCTYPE html><html><body><h1>It works!</h1></body></html>")

    for found in TENANTS[x_api_key]:
        if found.id == persona_id:
            return found
    raise HTTPException(404, "Customer persona not found")


@app.get("/v1/customer-personas-by-agent/{agent_id}", response_model=List[CustomerPersona])
def get_customer_personas_by_agent(agent_id: int, x_api_key: str = Header(...)):
    if x_api_key not in TENANTS:
        raise HTTPException(401, "Invalid API key")
    if agent_id != AGENT:
        raise HTTPException(404, "Agent not found")
    return TENANTS[x_api_key]


class NewPersona(BaseModel):
    name: str
    description: str
    goal: str
    agent_id: Optional[int] = None


class PersonaUpdate(BaseModel):
    name: Optional[str] = None
    description: Optional[str] = None
    goal: Optional[str] = None


def personas_of(x_api_key):
    if x_api_key not in TENANTS:
        raise HTTPException(401, "Invalid API key")
    return TENANTS[x_api_key]


def place_of(personas, persona_id):
    for place, found in enumerate(personas):
        if found.id == persona_id:
            return place
    raise HTTPException(404, "Customer persona not found")


@app.post("/v1/create-customer-persona", response_model=CustomerPersona)
def create_customer_persona(new: NewPersona, x_api_key: str = Header(...)):
    personas = personas_of(x_api_key)
    if new.agent_id not in (None, AGENT):
        raise HTTPException(404, "Agent not found")
    created = persona(uuid4(), MICROS, new.name, new.description, new.goal, ORG_ONE)
    personas.append(created)
    return created


@app.put("/v1/update-customer-persona/{persona_id}", response_model=CustomerPersona)
def update_customer_persona(persona_id: UUID, changes: PersonaUpdate, x_api_key: str = Header(...)):
    personas = personas_of(x_api_key)
    if persona_id == CONFLICT:
        raise HTTPException(409, "Customer persona is being changed")
    place = place_of(personas, persona_id)
    personas[place] = personas[place].copy(update=changes.dict(exclude_unset=True))
    return personas[place]


@app.delete("/v1/customer-persona/{persona_id}", response_model=CustomerPersona)
def delete_customer_persona(persona_id: UUID, x_api_key: str = Header(...)):
    personas = personas_of(x_api_key)
    return personas.pop(place_of(personas, persona_id))


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)  # exits the process if the port cannot be bound
        print("listening", flush=True)


if __name__ == "__main__":
    Server(uvicorn.Config(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")).run()
