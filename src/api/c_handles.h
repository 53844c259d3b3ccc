// What is behind the handles of the C interface.
#pragma once

#include <quantface/quantface.h>

#include <atomic>
#include <memory>
#include <vector>

#include "api/inference.h"
#include "api/network.h"

struct quantface_model {
    std::shared_ptr<const quantface::Network> network;  // shared with its sessions
};

struct quantface_session {
    quantface::Inference inference;
    std::atomic_flag busy = {};                // a call is running
    std::vector<quantface::PixelsView> views;  // of the call, kept so that calls allocate nothing
};
