"""Feature requests: what people wish for, and how many wish it too."""

from __future__ import annotations

from flask import url_for

from trackflow_web.api.core import schemas
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.feedback import views as feedback
from trackflow_web.api.feedback.views import item_or_404, shown
from trackflow_web.domain.feedback import actions
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.web.caller import get_current_user


@api.get("/features/")
@described(schemas.FeatureRequests, query=schemas.FeatureRequestsWanted)
def list_features() -> schemas.FeatureRequests:
    """Everybody's feature requests, newest first."""
    found, cursor = feedback.listed(Kind.FEATURE)
    return schemas.FeatureRequests(
        items=[schemas.FeatureRequest.of(one) for one in found], next=cursor
    )


@api.post("/features/")
@described(schemas.FeatureRequest, status=201, body=schemas.NewFeedback)
def request_feature() -> tuple[schemas.FeatureRequest, int, dict[str, str]]:
    """Ask for a feature."""
    made = schemas.FeatureRequest.of(feedback.handed_in(Kind.FEATURE))
    return made, 201, {"Location": url_for("api.show_feature", item_id=made.id)}


@api.get("/features/<id:item_id>")
@described(schemas.FeatureRequest)
def show_feature(item_id: int) -> schemas.FeatureRequest:
    """One feature request."""
    return schemas.FeatureRequest.of(shown(item_or_404(Kind.FEATURE, item_id)))


@api.get("/features/<id:item_id>/comments")
@described(schemas.Comments, query=schemas.Paging)
def list_feature_comments(item_id: int) -> schemas.Comments:
    """What was said about a feature request, oldest first."""
    return feedback.thread(item_or_404(Kind.FEATURE, item_id))


@api.post("/features/<id:item_id>/comments")
@described(schemas.Comment, status=201, body=schemas.NewComment)
def comment_on_feature(item_id: int) -> tuple[schemas.Comment, int]:
    """Say something about a feature request."""
    return feedback.commented(item_or_404(Kind.FEATURE, item_id))


@api.post("/features/<id:item_id>/vote")
@described(schemas.FeatureRequest)
def vote_for_feature(item_id: int) -> schemas.FeatureRequest:
    """Want it too; a second time takes it back, and one's own does not count."""
    item = item_or_404(Kind.FEATURE, item_id)
    actions.vote(item, get_current_user())
    return schemas.FeatureRequest.of(shown(item))


@api.post("/features/<id:item_id>/withdraw")
@described(schemas.FeatureRequest)
def withdraw_feature(item_id: int) -> schemas.FeatureRequest:
    """Take one's own feature request back."""
    return schemas.FeatureRequest.of(feedback.withdrawn(item_or_404(Kind.FEATURE, item_id)))


@api.post("/features/<id:item_id>/status")
@described(schemas.FeatureRequest, body=schemas.FeatureDecision)
def decide_feature(item_id: int) -> schemas.FeatureRequest:
    """Say how a feature request goes on and why; for administrators."""
    return schemas.FeatureRequest.of(feedback.decided(item_or_404(Kind.FEATURE, item_id)))
