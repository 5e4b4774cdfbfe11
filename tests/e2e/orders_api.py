"""A foreign REST API in memory: orders with an idempotency key, a bearer token, errors of its own kind."""

import json
import re
import threading
import uuid

ORDER = {"type": "object", "required": ["item", "quantity"], "additionalProperties": False, "properties": {
    "item": {"type": "string", "minLength": 1, "maxLength": 40},
    "quantity": {"type": "integer", "minimum": 1, "maximum": 1000}}}
MADE = {"type": "object", "required": ["order_id", "item", "quantity"], "properties": {
    "order_id": {"type": "string"}, "item": {"type": "string"}, "quantity": {"type": "integer"}}}
PROBLEM = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
TOKEN = "canary-orders-token-1f2e3d"


def _answers(**by_status):
    return {code[1:]: {"description": code, "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
                       "content": {"application/json": {"schema": schema}}} for code, schema in by_status.items()}


TRACE = {"name": "X-Request-Id", "in": "header", "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"}}
DOCUMENT = {
    "openapi": "3.0.3", "info": {"title": "Orders", "version": "3.2.1"}, "servers": [{"url": "/"}],
    "security": [{"token": []}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/orders": {"post": {
            "operationId": "placeOrder", "summary": "Place an order", "description": "One order.", "parameters": [
                TRACE, {"name": "Idempotency-Key", "in": "header", "required": True,
                        "schema": {"type": "string", "minLength": 1, "maxLength": 80}}],
            "requestBody": {"required": True, "content": {"application/json": {
                "schema": ORDER, "example": {"item": "tea", "quantity": 2}}}},
            "responses": _answers(_201=MADE, _400=PROBLEM, _401=PROBLEM, _409=PROBLEM, _422=PROBLEM)}},
        "/orders/{order_id}": {"get": {
            "operationId": "readOrder", "summary": "Read an order", "description": "One order.", "parameters": [
                TRACE, {"name": "order_id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": _answers(_200=MADE, _401=PROBLEM, _404=PROBLEM)}}}}


class Orders:
    """The platform; `defects` names what it does wrong."""

    def __init__(self, *defects):
        self.defects = set(defects)
        self.made = {}
        self.keys = {}
        self.lock = threading.Lock()

    def answer(self, method, path, headers, body):
        """(status, JSON body) of one request."""
        if method == "GET" and path == "/openapi.json":
            return 200, DOCUMENT
        if headers.get("Authorization") != f"Bearer {TOKEN}" and "open door" not in self.defects:
            return 401, {"error": "who are you?"}
        if method == "POST" and path == "/orders":
            return self._place(headers, body)
        found = re.fullmatch(r"/orders/([^/?]+)", path)
        if method == "GET" and found:
            made = self.made.get(found[1])
            return (200, made) if made else (404, {"error": "no such order"})
        return 404, {"error": "no such path"}

    def _place(self, headers, body):
        key = headers.get("Idempotency-Key")
        if not key and "key optional" not in self.defects:
            return 400, {"error": "Idempotency-Key is missing"}
        try:
            order = json.loads(body)
        except (ValueError, RecursionError):
            return (500 if "falls over" in self.defects else 400), {"error": "not JSON"}
        if "lax" not in self.defects and not _fits(order):
            return 422, {"error": "not an order"}
        with self.lock:
            if key in self.keys and "forgets keys" not in self.defects:
                before, made = self.keys[key]
                if before != order and "key not bound" not in self.defects:
                    return 409, {"error": "the key belongs to another order"}
                return 201, made
            name = uuid.uuid4().hex
            made = {"order_id": name, "item": str(order.get("item", "")) if isinstance(order, dict) else "",
                    "quantity": order.get("quantity", 1) if isinstance(order, dict) else 1}
            if "odd answer" in self.defects:
                made["quantity"] = str(made["quantity"])
            self.keys[key] = order, made
            self.made[name] = made
            return 201, made


def _fits(order):
    return (isinstance(order, dict) and set(order) == {"item", "quantity"} and isinstance(order["item"], str)
            and 1 <= len(order["item"]) <= 40 and type(order["quantity"]) is int and 1 <= order["quantity"] <= 1000)
