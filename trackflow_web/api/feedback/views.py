"""Feature requests and bug reports: the same views under two URLs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import url_for

from trackflow_web.api.comments import schemas as comments
from trackflow_web.api.comments.views import write
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.auth import confirmed_admin_or_403
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.feedback import schemas
from trackflow_web.domain.comments import queries as thread_queries
from trackflow_web.domain.feedback import actions, queries, rules
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.comments import reader, views_of
from trackflow_web.web.extensions import settings
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.loaders import feedback_or_404

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from trackflow_web.domain.feedback.models import Feedback


@dataclass(frozen=True)
class Resource:
    """One kind of feedback in the API: its URL, its labels and its schemas.

    `name` and `plural` are parts of the operation ids, `create` is a whole one.
    """

    kind: Kind
    name: str
    plural: str
    noun: str
    create: str
    item: type[schemas.FeedbackItem]
    items: type[BaseModel]
    arguments: type[BaseModel]
    decision: type[schemas.Decision]


FEATURES = Resource(
    kind=Kind.FEATURE,
    name="feature",
    plural="features",
    noun="feature request",
    create="request_feature",
    item=schemas.FeatureRequest,
    items=schemas.FeatureRequests,
    arguments=schemas.FeatureRequestArguments,
    decision=schemas.FeatureDecision,
)
BUGS = Resource(
    kind=Kind.BUG,
    name="bug",
    plural="bugs",
    noun="bug report",
    create="report_bug",
    item=schemas.BugReport,
    items=schemas.BugReports,
    arguments=schemas.BugReportArguments,
    decision=schemas.BugDecision,
)


def list_feedback(resource: Resource) -> BaseModel:
    """List everybody's {noun}s, newest first."""
    arguments = ListArguments()
    status = arguments.optional("status", partial(rules.status, resource.kind))
    q = arguments.search()
    found, following = pagination.fetch(
        lambda before_id, limit: queries.feedback_after(
            resource.kind, get_current_user(), status=status, q=q, before_id=before_id, limit=limit
        ),
        lambda shown: shown.item.id,
        arguments,
    )
    return resource.items(items=[resource.item.of(shown) for shown in found], next=following)


def create(resource: Resource) -> tuple[BaseModel, int, dict[str, str]]:
    """Submit a {noun}."""
    draft = bodies.parse_body(schemas.NewFeedback)
    limit = settings().limit_feedback
    item = actions.submit(get_current_user(), resource.kind, **draft.model_dump(), limit=limit)
    address = url_for(f"api.show_{resource.name}", item_id=item.id)
    return _document(resource, item), 201, {"Location": address}


def show(resource: Resource, item_id: int) -> BaseModel:
    """Show a {noun}."""
    return _document(resource, feedback_or_404(resource.kind, item_id))


def list_comments(resource: Resource, item_id: int) -> comments.Comments:
    """List the comments on a {noun} and its status changes, by time."""
    thread = actions.thread_of(feedback_or_404(resource.kind, item_id))
    found, following = pagination.fetch(
        lambda after_id, limit: thread_queries.in_order_of_time(
            thread, reader(), after_id=after_id, limit=limit
        ),
        lambda shown: shown.comment.id,
    )
    items = [comments.Comment.of(view) for view in views_of(found)]
    return comments.Comments(items=items, next=following)


def comment(resource: Resource, item_id: int) -> tuple[comments.Comment, int]:
    """Comment on a {noun}."""
    return write(actions.thread_of(feedback_or_404(resource.kind, item_id))), 201


def vote(resource: Resource, item_id: int) -> BaseModel:
    """Vote for a {noun}, or with `set` false take the vote back.

    The author's own vote does not count.
    """
    item = feedback_or_404(resource.kind, item_id)
    wanted = bool(bodies.parse_body(schemas.VoteWanted).set)
    actions.vote(item, get_current_user(), wanted=wanted)
    return _document(resource, item)


def withdraw(resource: Resource, item_id: int) -> BaseModel:
    """Withdraw one's own {noun}."""
    item = feedback_or_404(resource.kind, item_id)
    actions.withdraw(item, get_current_user())
    return _document(resource, item)


def decide(resource: Resource, item_id: int) -> BaseModel:
    """Set the status of a {noun} and say why.

    For administrators who gave their password just now.
    """
    item = feedback_or_404(resource.kind, item_id)
    admin = confirmed_admin_or_403()
    decision = bodies.parse_body(schemas.Decision)
    actions.decide(item, admin, status=decision.status, reason=decision.reason)
    return _document(resource, item)


def _document(resource: Resource, item: Feedback) -> BaseModel:
    return resource.item.of(queries.get_details(item, get_current_user()))


# --- routes --------------------------------------------------------------------------------------


def add_views(resource: Resource) -> None:
    """Add the views of one kind to the API."""
    add, name, one = partial(_add, resource), resource.name, "/<id:item_id>"
    item = resource.item
    add(list_feedback, "GET /", f"list_{resource.plural}", resource.items, query=resource.arguments)
    add(create, "POST /", resource.create, item, status=201, body=schemas.NewFeedback)
    add(show, f"GET {one}", f"show_{name}", item)
    thread = f"{one}/comments"
    add(list_comments, f"GET {thread}", f"list_{name}_comments", comments.Comments, query=Paging)
    add(
        comment,
        f"POST {thread}",
        f"comment_on_{name}",
        comments.Comment,
        status=201,
        body=comments.NewComment,
    )
    if resource.kind.has_votes:
        add(vote, f"POST {one}/vote", f"vote_for_{name}", item, body=schemas.VoteWanted)
    add(withdraw, f"POST {one}/withdraw", f"withdraw_{name}", item)
    add(decide, f"POST {one}/status", f"decide_{name}", item, body=resource.decision)


def _add(
    resource: Resource,
    view: Callable[..., object],
    route: str,
    operation_id: str,
    answers: type[BaseModel],
    **documented: Any,  # noqa: ANN401 -- the rest of what `described` takes
) -> None:
    """Add a view for one kind; its docstring names the kind as `{noun}`."""

    def bound(**values: int) -> object:
        return view(resource, **values)

    bound.__name__ = operation_id
    bound.__doc__ = (view.__doc__ or "").format(noun=resource.noun)
    method, rule = route.split()
    describe = described(answers, tag=resource.plural, **documented)
    api.add_url_rule(f"/{resource.plural}{rule}", view_func=describe(bound), methods=[method])


add_views(FEATURES)
add_views(BUGS)
