"""/v1/topics: what statements are about."""

from schemas.queries import TopicQuery
from schemas.topics import TopicOut
from service import listing
from service.listing import Page
from service.routes import Call, Routes
from service.selecting import TOPICS

route = Routes()


@route("GET", "/v1/topics", query=TopicQuery, returns={200: [TopicOut()]}, needs="read")
def search(call: Call) -> Page:
    """List topics by name, with how many statements have each."""
    return listing.page(TOPICS, call.query)
