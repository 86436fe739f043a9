#include "sotto/store/client_store.hpp"

namespace sotto::store {

Transaction::Transaction(ClientStore& store) : store_(store) { store_.begin(); }

Transaction::~Transaction() {
  if (open_) store_.rollback();
}

Status Transaction::commit() {
  open_ = false;
  return store_.commit();
}

}  // namespace sotto::store
