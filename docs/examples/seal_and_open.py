import os
import sys

import grpc
from cmk.v1 import common_pb2, sidecar_pb2, sidecar_pb2_grpc
from google.rpc import error_details_pb2, status_pb2

ASSET = common_pb2.Asset(account="acme", srv_id="0001", type="MeetingWebinarRecording", id="m-42")
PIECE_BYTES = 256 * 1024


def requests(message, start, path):
    """The first message is the start, every later one data; returning half-closes the call."""
    yield message(start=start)
    with open(path, "rb") as source:
        while piece := source.read(PIECE_BYTES):
            yield message(data=piece)


def save(responses, path):
    """Keeps what arrives only if the call ends with OK: leaving the loop without an error means just that."""
    partial = path + ".partial"
    try:
        with open(partial, "wb") as target:
            for response in responses:
                if response.HasField("started"):
                    print(f"data key {response.started.data_key_id} under {response.started.key_in_use}")
                else:
                    target.write(response.data)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def error_info(error):
    """The code and whether to try again; None when the sidecar itself was not reached."""
    trailers = dict(error.trailing_metadata() or ())
    for detail in status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b"")).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.domain == "cmk":
            return info.reason, info.metadata["retryable"] == "true"
    return None


channel = grpc.insecure_channel(
    os.environ.get("CMK_SIDECAR", "unix:/run/cmk/sidecar.sock"),
    options=[("grpc.default_authority", "localhost"), ("grpc.enable_retries", 0)],
)
sidecar = sidecar_pb2_grpc.SidecarStub(channel)
try:
    start = sidecar_pb2.StreamStart(asset=ASSET, owner="u-7", reason=common_pb2.REASON_STORAGE)
    sealing = requests(sidecar_pb2.EncryptRequest, start, "talk.mp4")
    save(sidecar.Encrypt(sealing, timeout=600), "talk.mp4.cmk")

    start = sidecar_pb2.StreamStart(asset=ASSET, reason=common_pb2.REASON_USER_ACCESS)
    opening = requests(sidecar_pb2.DecryptRequest, start, "talk.mp4.cmk")
    save(sidecar.Decrypt(opening, timeout=600), "talk-again.mp4")
except grpc.RpcError as error:
    sys.exit(f"{error_info(error) or error.code()}: {error.details()}")
